// A message in a line, for the trace.
#pragma once

#include <string>
#include <string_view>

namespace baton::internal::simulation {

std::string describe(std::string_view frame);

}  // namespace baton::internal::simulation
