// How items are named in texts for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::internal {

/// The `name` of a JSON object (nested at most max_json_depth), otherwise the body itself; as one
/// line, visible(), cut to `size` bytes. A body is foreign data, and may be nested 100,000 levels
/// deep: parsing it into a tree, or printing that, would overflow the stack, so nothing here
/// recurses.
std::string name_of_body(std::string_view body, std::size_t size);

}  // namespace baton::internal
