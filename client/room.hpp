// Whether the broker has room for this client, as far as it has said.
#pragma once

#include <string>
#include <utility>

namespace baton::internal {

class Room {
 public:
  void refused(std::string why) {
    full_ = true;
    why_ = std::move(why);
  }
  void granted() {
    full_ = false;
    ever_ = true;
  }

  bool is_full() const { return full_; }
  /// If so, entries sent since may report completed work.
  bool was_ever_granted() const { return ever_; }
  /// The broker's explanation when it was last full.
  const std::string& why() const { return why_; }

 private:
  bool full_ = false, ever_ = false;
  std::string why_;
};

}  // namespace baton::internal
