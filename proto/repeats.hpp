// Recognizes repeated blocks of lines: a printer prints each once, and a broker accepts each once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

namespace baton::internal {

/// A client numbers its blocks for its whole life, and repeats unconfirmed ones to a new broker, or
/// to one that has forgotten its session; they may have been printed. The last number of each
/// client is remembered, for at most `most` clients, the most recent ones.
class Repeats {
 public:
  explicit Repeats(std::size_t most = 65'536) : most_(most) {}

  /// Whether block `number` of `client` (0: unknown) comes for the first time; remembers it.
  bool is_new(std::uint64_t client, std::uint64_t number) {
    if (client == 0) return true;
    auto& last = last_of(client);
    if (number <= last) return false;
    last = number;
    return true;
  }

 private:
  struct Last {
    std::uint64_t client, number;
  };

  std::uint64_t& last_of(std::uint64_t client) {
    if (!order_.empty() && order_.front().client == client) return order_.front().number;
    const auto found = where_.find(client);
    if (found == where_.end()) {
      if (where_.size() >= most_) forget_oldest();
      order_.push_front({client, 0});
      where_[client] = order_.begin();
    } else {
      order_.splice(order_.begin(), order_, found->second);
    }
    return order_.front().number;
  }
  void forget_oldest() {
    where_.erase(order_.back().client);
    order_.pop_back();
  }

  std::size_t most_;
  std::list<Last> order_;  // the most recent client is first
  std::unordered_map<std::uint64_t, std::list<Last>::iterator> where_;
};

}  // namespace baton::internal
