// The files of a data directory, apart from what is in them.
#pragma once

#include <filesystem>

namespace baton::internal::broker::disk {

std::filesystem::path data_path(const std::filesystem::path& directory);
/// What is compacted, until it takes the data's place.
std::filesystem::path copy_path(const std::filesystem::path& directory);

/// LMDB makes its lock file with a hole, and maps it: where the disk has no room that ends the
/// process when it is first written to. So it has its room before. Throws DiskError.
void make_room_for_locks(const std::filesystem::path& path);

/// What is in the file, or directory, is on disk when this returns. `how`: to open it. Throws
/// DiskError.
void sync(const std::filesystem::path& path, int how);
/// Gives the copy to the owner of the original: `--compact` may run as root, the broker need not.
/// It is on disk when this returns. Throws DiskError.
void make_durable(const std::filesystem::path& copy, const std::filesystem::path& original);

}  // namespace baton::internal::broker::disk
