// Errors of a disk and its data.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "broker/storage.hpp"

namespace baton::internal::broker::disk {

/// The disk is full or fails: retry later.
struct DiskError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The data differs from what was written, or cannot be read; for people.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For people. For damage it names the directory, unless the error does.
std::string sentence(const std::exception& error, const std::filesystem::path& directory);

/// The same as a StorageFailure: files that were removed or replaced are lost to this process.
StorageFailure failure_of(const std::exception& error, const std::filesystem::path& directory);

}  // namespace baton::internal::broker::disk
