// How many clients there is room for.
#pragma once

#include <cstdint>
#include <string>

#include "broker/settings.hpp"

namespace baton::internal::broker {

/// Lowers max_sessions to what `files` open files allow. Returns a line for the operator if that is
/// less than the option asks for, or very little; otherwise an empty string. Throws
/// std::runtime_error when there is not even room for one client.
std::string fit_to_file_limit(CoreSettings& settings, std::uint64_t files);

}  // namespace baton::internal::broker
