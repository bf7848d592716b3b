// Detects files in use that were removed or replaced: anything written to them from then on is lost
// with this process.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace baton::internal::broker::disk {

/// For people.
struct Removed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Removed unless `path` still names the file that is open as `fd`.
void check_in_place(const std::filesystem::path& path, int fd);

}  // namespace baton::internal::broker::disk
