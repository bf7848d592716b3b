// The digest of a named producer's input, item by item.
#pragma once

#include <string_view>

#include "proto/checkpoint.hpp"

namespace baton::internal {

/// A digest (BLAKE2b, RFC 7693) over an input's items, in order. It begins with the queue's name:
/// the same items for another queue are a different input.
class InputChain {
 public:
  explicit InputChain(std::string_view queue);
  /// Continues from there.
  explicit InputChain(const Checkpoint& at) : at_(at) {}
  void add(std::string_view body);
  const Checkpoint& at() const { return at_; }

 private:
  Checkpoint at_;
};

}  // namespace baton::internal
