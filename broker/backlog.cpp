#include "broker/backlog.hpp"

#include <utility>

namespace baton::internal::broker {
namespace {

constexpr std::size_t overhead = 128;  // bytes per message, in ZeroMQ and here

std::size_t size_of(const zmq::message_t& message) { return message.size() + overhead; }

}  // namespace

bool Backlog::has_room(const Waiting& waiting, std::size_t size) const {
  return bytes_ + size <= most_ || waiting.bytes + size <= most_ / waiting_.size();
}

Backlog::Push Backlog::push(Connection from, zmq::message_t&& message) {
  const auto size = size_of(message);
  const auto [entry, is_new] = waiting_.try_emplace(from);
  auto& waiting = entry->second;
  if (waiting.too_much) return Push::no_room;
  if (waiting.bytes + size > most_of_one_ && !is_new) {
    waiting.too_much = true;
    forget_all_but_one(waiting);
    return Push::too_much;
  }
  if (!has_room(waiting, size)) {
    if (is_new) waiting_.erase(entry);
    return Push::no_room;
  }
  if (is_new) turns_.emplace(waiting.start = now_, from);
  waiting.messages.push_back(std::move(message));
  waiting.bytes += size;
  bytes_ += size;
  return Push::queued;
}

/// The remaining message keeps the connection's identity reserved.
void Backlog::forget_all_but_one(Waiting& waiting) {
  bytes_ -= waiting.bytes;
  waiting.messages.resize(1);
  waiting.bytes = size_of(waiting.messages.front());
  bytes_ += waiting.bytes;
}

std::optional<zmq::message_t> Backlog::pop() {
  if (empty()) return std::nullopt;
  const auto next = turns_.begin();
  now_ = next->first;
  auto& waiting = waiting_.at(last_ = next->second);
  turns_.erase(next);
  auto message = std::move(waiting.messages.front());
  waiting.messages.pop_front();
  const auto size = size_of(message);
  waiting.bytes -= size;
  bytes_ -= size;
  return message;
}

void Backlog::took(Duration time) {
  const auto found = waiting_.find(last_);
  auto& waiting = found->second;
  if (waiting.messages.empty())
    waiting_.erase(found);
  else
    turns_.emplace(waiting.start += time, last_);
}

}  // namespace baton::internal::broker
