#include "proto/ids.hpp"

#include <sys/random.h>

#include <span>
#include <stdexcept>

namespace baton::internal {
namespace {

void fill_random(std::span<std::uint8_t> out) {
  if (getrandom(out.data(), out.size(), 0) != static_cast<ssize_t>(out.size()))
    throw std::runtime_error("the system gives no random numbers");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

SessionId random_session() {
  SessionId id;
  fill_random(id.bytes);
  return id;
}

std::uint64_t random_number() {
  std::array<std::uint8_t, 8> bytes{};
  std::uint64_t number = 0;
  while (number == 0) {
    fill_random(bytes);
    std::memcpy(&number, bytes.data(), bytes.size());
  }
  return number;
}

std::string to_hex(const SessionId& id) { return hex_of(id.bytes); }

std::string to_hex(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return hex_of(bytes);
}

std::optional<SessionId> session_from_hex(std::string_view text) {
  SessionId id;
  if (!parse_hex(text, id.bytes)) return std::nullopt;
  return id;
}

std::optional<std::uint64_t> number_from_hex(std::string_view text) {
  std::array<std::uint8_t, 8> bytes{};
  if (!parse_hex(text, bytes)) return std::nullopt;
  std::uint64_t number = 0;
  for (auto byte : bytes) number = number << 8 | byte;
  return number;
}

}  // namespace baton::internal
