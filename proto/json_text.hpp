// Looks at JSON from elsewhere without building it: bounded in depth, so that no nesting exhausts a
// stack later on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::internal {

/// Objects and arrays within one another; deeper ones are refused.
inline constexpr std::size_t max_json_depth = 100;

/// Why `text` is not one JSON value of at most `max_depth` levels: the parser's words, with the
/// position. Empty: it is.
std::string why_not_json(std::string_view text, std::size_t max_depth = max_json_depth);

}  // namespace baton::internal
