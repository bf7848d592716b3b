// Suggests what a user may have meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::internal::cli {

/// How many characters must be inserted, removed or changed, or neighbours swapped, to turn `a`
/// into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `names` that `typed` probably means: one or two typing errors away, or the only one
/// with that beginning. Empty if there is none.
std::string nearest(std::string_view typed, const std::vector<std::string>& names);

}  // namespace baton::internal::cli
