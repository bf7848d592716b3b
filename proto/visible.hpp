// Text of others on the way to a log or a terminal.
#pragma once

#include <string>
#include <string_view>

namespace baton::internal {

/// `text` as one line that says what it says and does nothing: a log's reader is not shown lines
/// that nobody wrote, and a terminal is not told to do anything. Control characters (C0 but the
/// tab, DEL, C1), characters that turn the direction of writing, separators of lines and
/// paragraphs, and bytes that are no UTF-8 become "\n", "\x1b", "\u202e". All else stays, the
/// backslash too: it is for people, and is not read back.
std::string visible(std::string_view text);

}  // namespace baton::internal
