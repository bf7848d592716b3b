// What goes wrong with a disk.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "broker/storage.hpp"

namespace baton::internal::broker::disk {

/// The disk has no room, or fails: to be tried again.
struct DiskError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is kept is not what was written, or cannot be read: for people.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For people. Of damage it names the directory, unless it says so itself.
std::string sentence(const std::exception& error, const std::filesystem::path& directory);

/// The same as a state: files that were removed or replaced are lost to this process.
StorageFailure failure_of(const std::exception& error, const std::filesystem::path& directory);

}  // namespace baton::internal::broker::disk
