#include "proto/visible.hpp"

#include <cstdint>

#include "proto/greeting.hpp"

namespace baton::internal {
namespace {

/// The first character of a text; `size` 1 and not `valid`: an invalid byte.
struct Character {
  std::uint32_t code;
  std::size_t size;
  bool valid;
};

Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (text.size() < size || !valid_utf8(text.substr(0, size))) return {lead, 1, false};
  std::uint32_t code = lead & (0x7fu >> size);
  for (const char c : text.substr(1, size - 1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  return {code, size, true};
}

/// Whether it moves the cursor, ends the line, changes the writing direction, or is a byte order
/// mark, which is not seen.
bool acts(std::uint32_t code) {
  if (code < 0x20) return code != '\t';
  return (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (digits-- > 0) out += hex[value >> 4 * digits & 0xf];
}

void append_escaped(std::string& out, const Character& character) {
  if (character.code == '\n') {
    out += "\\n";
  } else if (character.code == '\r') {
    out += "\\r";
  } else if (character.size == 1) {
    out += "\\x";
    append_hex(out, character.code, 2);
  } else {
    out += "\\u";
    append_hex(out, character.code, 4);
  }
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_of(text);
    if (!character.valid || acts(character.code))
      append_escaped(out, character);
    else
      out += text.substr(0, character.size);
    text.remove_prefix(character.size);
  }
  return out;
}

bool is_plain(std::string_view text) {
  return text.find('\t') == std::string_view::npos && visible(text) == text;
}

std::string excerpt(std::string_view text, std::size_t size) {
  if (text.size() <= size) return visible(text);
  return visible(cut_utf8(text, size)) + "... (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace baton::internal
