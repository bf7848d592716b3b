// The digest of an input, item by item: of what a named producer puts.
#pragma once

#include <string_view>

#include "proto/checkpoint.hpp"

namespace baton::internal {

/// A digest (BLAKE2b, RFC 7693) over an input's items, one after the other. It begins with the
/// queue that they are for: the same words for another one are something else.
class InputChain {
 public:
  explicit InputChain(std::string_view queue);
  /// Goes on from there.
  explicit InputChain(const Checkpoint& at) : at_(at) {}
  void add(std::string_view body);
  const Checkpoint& at() const { return at_; }

 private:
  Checkpoint at_;
};

}  // namespace baton::internal
