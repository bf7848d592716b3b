// State rows that were given to the writer and may not be durable yet.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "broker/log/batch.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker::log {

class StatesUnderWay {
 public:
  using States = std::map<std::uint64_t, Change>;

  /// Another row was added to the open batch.
  void note(std::size_t bytes) { open_bytes_ += bytes; }
  /// The open batch goes to the writer.
  void submit(Ticket ticket, const States& states) {
    if (!states.empty()) batches_.push_back({ticket, states, open_bytes_});
    bytes_ += std::exchange(open_bytes_, 0);
  }
  void written(Ticket durable) {
    for (; !batches_.empty() && batches_.front().ticket <= durable; batches_.pop_front())
      bytes_ -= batches_.front().bytes;
  }
  /// The item's latest row; nullptr if there is none.
  const std::string* find(std::uint64_t item) const {
    for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch)
      if (const auto found = batch->states.find(item);
          found != batch->states.end() && found->second)
        return &*found->second;
    return nullptr;
  }
  std::uint64_t bytes() const { return open_bytes_ + bytes_; }  ///< including the open batch

 private:
  struct Batch {
    Ticket ticket;
    States states;
    std::uint64_t bytes;
  };
  std::deque<Batch> batches_;
  std::uint64_t open_bytes_ = 0, bytes_ = 0;
};

}  // namespace baton::internal::broker::log
