// What goes wrong with a disk.
#pragma once

#include <stdexcept>

namespace baton::internal::broker::disk {

/// The disk has no room, or fails: to be tried again.
struct DiskError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is kept is not what was written, or cannot be read: for people.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace baton::internal::broker::disk
