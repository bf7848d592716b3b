// The files of a data directory.
#pragma once

#include <filesystem>

namespace baton::internal::broker::disk {

std::filesystem::path data_path(const std::filesystem::path& directory);
/// The compacted file, until it replaces the data.
std::filesystem::path copy_path(const std::filesystem::path& directory);

/// LMDB creates its lock file with a hole, and maps it: on a full disk the first write to it would
/// end the process. So this allocates its space first. Throws DiskError.
void make_room_for_locks(const std::filesystem::path& path);

/// When this returns, the content of the file or directory is on disk. `how`: flags to open it.
/// Throws DiskError.
void sync(const std::filesystem::path& path, int how);
/// Gives the copy the owner of the original, since `--compact` may run as root and the broker not.
/// The copy is on disk when this returns. Throws DiskError.
void make_durable(const std::filesystem::path& copy, const std::filesystem::path& original);

}  // namespace baton::internal::broker::disk
