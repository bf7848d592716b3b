// A message in a line, for the trace.
#pragma once

#include <string>
#include <string_view>

namespace baton::simulation {

std::string describe(std::string_view frame);

}  // namespace baton::simulation
