// Makes foreign text safe for logs and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::internal {

/// `text` as one harmless line: it cannot fake log lines or control a terminal. Control characters
/// (C0 except tab, DEL, C1), characters that change the writing direction, line and paragraph
/// separators, byte order marks, and bytes that are not UTF-8 become "\n", "\x1b", "\u202e".
/// Everything else stays, including the backslash: the result is for people, and is not parsed
/// again.
std::string visible(std::string_view text);

/// Whether `text` can stand anywhere as it is: visible() changes nothing, and it has no tab.
bool is_plain(std::string_view text);

/// The first `size` bytes of `text`, visible(); and of a longer one its size, as in
/// "abc... (5000 bytes)".
std::string excerpt(std::string_view text, std::size_t size);

/// What logs show of a reason, in bytes.
inline constexpr std::size_t reason_in_log = 200;

}  // namespace baton::internal
