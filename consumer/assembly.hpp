// An item whose body comes in parts, until it is complete.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "proto/message.hpp"

namespace baton::internal {

class Assembly {
 public:
  /// Begins with the first part, in `buffer`; an incomplete item is dropped: the broker has taken
  /// it back.
  void begin(const Delivery& first, std::string buffer) {
    given_ = first;
    given_.body = {};
    given_.whole = 0;
    body_ = std::move(buffer);
    body_.clear();
    body_.reserve(first.whole);
    body_ += first.body;
    missing_ = first.whole - first.body.size();
    begun_ = true;
  }
  /// Adds a part. Returns false if that exceeds the body's size.
  bool add(std::string_view bytes) {
    if (bytes.size() > missing_) return false;
    body_ += bytes;
    missing_ -= bytes.size();
    return true;
  }

  /// Whether an item is in progress / is complete, so that take_body() returns its body.
  bool begun() const { return begun_; }
  bool whole() const { return begun_ && missing_ == 0; }
  ItemId id() const { return given_.id; }
  /// Everything but the body.
  const Delivery& delivery() const { return given_; }
  std::string take_body() {
    begun_ = false;
    return std::exchange(body_, {});
  }
  void drop() { static_cast<void>(take_body()); }

 private:
  Delivery given_;
  std::string body_;
  std::size_t missing_ = 0;
  bool begun_ = false;
};

}  // namespace baton::internal
