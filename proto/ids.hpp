// The names of things on the wire: each kind of number is a type of its own.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace baton::internal {

/// A position in a stream, counted from 1. 0 means "nothing yet".
struct SeqNo {
  std::uint64_t value = 0;

  auto operator<=>(const SeqNo&) const = default;
  SeqNo operator+(std::uint64_t n) const { return {value + n}; }
  std::uint64_t operator-(SeqNo other) const { return value - other.value; }
  SeqNo& operator+=(std::uint64_t n) { return value += n, *this; }
};

/// An item's id: of one item only, whatever brokers a client meets at an address. 0 is no item, nor
/// is the highest number: a run of ids always ends below it.
struct ItemId {
  std::uint64_t value = 0;

  auto operator<=>(const ItemId&) const = default;
  ItemId operator+(std::uint64_t n) const { return {value + n}; }
};

/// Items whose ids follow one another: first, first+1, ... (count of them; never 0 on the wire).
struct ItemRun {
  ItemId first;
  std::uint32_t count = 0;

  auto operator<=>(const ItemRun&) const = default;
};

/// A random number that the broker draws at each start. 0 is none.
struct BrokerInstance {
  std::uint64_t value = 0;

  auto operator<=>(const BrokerInstance&) const = default;
};

/// A session's name: 128 random bits, drawn by the client. It is also the session's topic of
/// notifications.
struct SessionId {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const SessionId&) const = default;
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Draws from the system's entropy. Throws std::runtime_error when there is none.
SessionId random_session();
/// Likewise; never 0.
std::uint64_t random_number();

/// Lower-case hexadecimal, most significant digit first.
std::string to_hex(const SessionId& id);
std::string to_hex(std::uint64_t number);  ///< 16 digits

/// The reverse of to_hex; nothing when `text` is not exactly such a number.
std::optional<SessionId> session_from_hex(std::string_view text);
std::optional<std::uint64_t> number_from_hex(std::string_view text);

}  // namespace baton::internal

template <>
struct std::hash<baton::internal::SessionId> {
  std::size_t operator()(const baton::internal::SessionId& id) const noexcept {
    std::size_t h;  // 128 random bits: any of them will do
    std::memcpy(&h, id.bytes.data(), sizeof h);
    return h;
  }
};
