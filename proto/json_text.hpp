// Checks foreign JSON without building a tree, and limits its depth, so that no nesting exhausts a
// stack later.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::internal {

/// Nesting depth of objects and arrays; deeper ones are refused.
inline constexpr std::size_t max_json_depth = 100;

/// Why `text` is not one JSON value of at most `max_depth` levels, in the parser's words, with the
/// position. Empty if it is.
std::string why_not_json(std::string_view text, std::size_t max_depth = max_json_depth);

}  // namespace baton::internal
