// What people call an item.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::internal {

/// The `name` of a JSON object (not deeper than max_json_depth), else the body itself. On one line,
/// visible(), cut behind `size` bytes. A body is a stranger's, and may be nested 100,000 levels
/// deep: a parse into a tree, or its print, would overflow the stack, so nothing here recurses.
std::string name_of_body(std::string_view body, std::size_t size);

}  // namespace baton::internal
