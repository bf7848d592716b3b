// What somebody may have meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::internal::cli {

/// How many characters must be put in, taken out or changed, or neighbours swapped, to make `b` of
/// `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `names` that `typed` is likely to stand for: a slip or two away, or the only one that
/// begins so. Empty: none is.
std::string nearest(std::string_view typed, const std::vector<std::string>& names);

}  // namespace baton::internal::cli
