#include "broker/backlog.hpp"

#include <utility>

namespace baton::broker {
namespace {

constexpr std::size_t overhead = 128;  // of a message, in ZeroMQ and here

std::size_t size_of(const zmq::message_t& message) { return message.size() + overhead; }

}  // namespace

bool Backlog::push(Connection from, zmq::message_t&& message) {
  const auto size = size_of(message);
  const auto found = waiting_.find(from);
  const bool is_new = found == waiting_.end();
  if (bytes_ + size > most_) {
    const auto share = most_ / (waiting_.size() + (is_new ? 1 : 0));
    if ((is_new ? 0 : found->second.bytes) + size > share) return false;
  }
  auto& waiting = is_new ? waiting_[from] : found->second;
  if (is_new) turns_.push_back(from);
  waiting.messages.push_back(std::move(message));
  waiting.bytes += size;
  bytes_ += size;
  return true;
}

std::optional<zmq::message_t> Backlog::pop() {
  if (empty()) return std::nullopt;
  const auto from = turns_.front();
  turns_.pop_front();
  const auto found = waiting_.find(from);
  auto& waiting = found->second;
  auto message = std::move(waiting.messages.front());
  waiting.messages.pop_front();
  const auto size = size_of(message);
  waiting.bytes -= size;
  bytes_ -= size;
  if (waiting.messages.empty())
    waiting_.erase(found);
  else
    turns_.push_back(from);
  return message;
}

}  // namespace baton::broker
