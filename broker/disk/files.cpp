#include "broker/disk/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/disk/lmdb.hpp"
#include "os/uninterrupted.hpp"

namespace baton::internal::broker::disk {

std::filesystem::path data_path(const std::filesystem::path& directory) {
  return directory / "baton.mdb";
}
std::filesystem::path copy_path(const std::filesystem::path& directory) {
  return directory / "baton.mdb-compact";
}

void make_room_for_locks(const std::filesystem::path& path) {
  // LMDB's size for the readers that are configured: it accepts a longer file.
  constexpr off_t size = 8192;
  const auto name = path.string() + "-lock";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;  // LMDB reports the reason
  const int error = lseek(fd, 0, SEEK_END) < size ? posix_fallocate(fd, 0, size) : 0;
  close(fd);
  if (error == ENOSPC || error == EDQUOT) check(error, "cannot make " + name);
}

void sync(const std::filesystem::path& path, int how) {
  const int file = ::open(path.c_str(), how | O_CLOEXEC);
  const bool done = file >= 0 && uninterrupted([&] { return fsync(file); }) == 0;
  const auto why = std::string(std::strerror(errno));
  if (file >= 0) ::close(file);
  if (!done) throw DiskError(path.string() + ": " + why);
}

void make_durable(const std::filesystem::path& copy, const std::filesystem::path& original) {
  struct stat owner {};
  if (stat(original.c_str(), &owner) != 0 || chown(copy.c_str(), owner.st_uid, owner.st_gid) != 0 ||
      chmod(copy.c_str(), owner.st_mode & 07777) != 0)
    throw DiskError(copy.string() + ": " + std::strerror(errno));
  sync(copy, O_RDWR);
}

}  // namespace baton::internal::broker::disk
