// A fuzzer's bytes as a script: choices, numbers and byte strings, taken from the front. At its end
// all choices are 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "proto/bytes.hpp"

namespace baton::internal::fuzz {

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

class Script {
 public:
  explicit Script(std::string_view bytes) : in_(bytes) {}

  bool over() const { return in_.empty(); }

  /// A choice of 0 to n-1, by as few bytes as hold it.
  std::uint64_t below(std::uint64_t n) {
    if (n <= 1) return 0;
    return (n <= 256 ? byte() : two_bytes()) % n;
  }

  /// Small, or at an edge of what a number can be, or any.
  std::uint64_t number() {
    constexpr std::uint64_t edges[] = {65'535,     65'536,         65'537,     UINT32_MAX,
                                       1ull << 32, 1ull << 53,     1ull << 62, 1ull << 63,
                                       INT64_MAX,  UINT64_MAX - 1, UINT64_MAX};
    const std::uint64_t first = byte();
    if (first < 240) return first;
    if (first - 240 < std::size(edges)) return edges[first - 240];
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < sizeof any; ++i) any = any << 8 | byte();
    return any;
  }

  /// At most `size` bytes, their number told by the first one.
  std::string_view bytes(std::size_t size = 255) {
    const auto wanted = std::min<std::size_t>(byte(), size);
    return in_.take(std::min(wanted, in_.rest().size()));
  }

  std::string_view rest() { return in_.take(in_.rest().size()); }

 private:
  std::uint8_t byte() { return over() ? std::uint8_t{0} : in_.take<std::uint8_t>(); }
  std::uint64_t two_bytes() {
    const std::uint64_t high = byte();
    return high << 8 | byte();
  }

  Reader in_;
};

}  // namespace baton::internal::fuzz
