// Little-endian numbers in byte strings: what Python's struct module calls "<".
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace baton::internal {

template <std::unsigned_integral T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
    T swapped = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      swapped = static_cast<T>(swapped << 8 | ((value >> 8 * i) & 0xff));
    return swapped;
  }
  return value;
}

template <std::unsigned_integral T>
void store(char* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<char>(value >> 8 * i);
}

template <std::unsigned_integral T>
void append(std::string& out, T value) {
  char raw[sizeof(T)];
  store(raw, value);
  out.append(raw, sizeof raw);
}

/// Reads numbers from the front of a byte string. Once something was missing, ok() stays false and
/// all reads return 0.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T take() {
    if (!has(sizeof(T))) return 0;
    const T value = load<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  std::string_view take(std::size_t size) {
    if (!has(size)) return {};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  /// Whether there is more to take, and all so far was there.
  bool more() const { return ok_ && !rest_.empty(); }

 private:
  bool has(std::size_t size) {
    if (size > rest_.size()) ok_ = false;
    return ok_;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace baton::internal
