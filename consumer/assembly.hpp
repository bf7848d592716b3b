// An item whose body comes in parts, until it is whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "proto/message.hpp"

namespace baton {

class Assembly {
 public:
  /// Begins with the first bytes; what was begun before is dropped: the broker has taken it back.
  void begin(const Given& first) {
    id_ = first.id;
    entry_ = {};
    entry_.reserve(first.whole + entry_room);
    append_given_head(entry_, first, first.whole);
    entry_ += first.body;
    missing_ = first.whole - first.body.size();
  }
  /// The next bytes. False when that is more than there are to be.
  bool add(std::string_view bytes) {
    if (bytes.size() > missing_) return false;
    entry_ += bytes;
    missing_ -= bytes.size();
    return true;
  }

  /// Whether an item is under way, and whether it is whole: then take_entry() has it.
  bool begun() const { return !entry_.empty(); }
  bool whole() const { return begun() && missing_ == 0; }
  ItemId id() const { return id_; }
  /// As one `given` entry, whole.
  std::string take_entry() { return std::exchange(entry_, {}); }
  void drop() { entry_ = {}; }

 private:
  static constexpr std::size_t entry_room = 96;  // for what comes before the body

  ItemId id_;
  std::string entry_;
  std::size_t missing_ = 0;
};

}  // namespace baton
