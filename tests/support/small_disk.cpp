#include "tests/support/small_disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace baton::internal::e2e {

SmallDisk::SmallDisk(std::filesystem::path path, std::uint64_t bytes) : path_(std::move(path)) {
  std::filesystem::create_directories(path_);
  if (mount("baton-torture", path_.c_str(), "tmpfs", 0,
            ("size=" + std::to_string(bytes)).c_str()) != 0)
    why_not_ = "a small disk cannot be mounted: " + std::generic_category().message(errno);
}

SmallDisk::~SmallDisk() {
  if (can_fill()) umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() {
  const int fd = open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), filler());
  // Others write meanwhile: what was free a moment ago may be too much, so it is taken in ever
  // smaller pieces.
  struct statvfs disk {};
  off_t taken = 0;
  while (statvfs(path_.c_str(), &disk) == 0 && disk.f_bavail > 0) {
    auto more = static_cast<off_t>(disk.f_bavail * disk.f_frsize);
    while (more >= 4096 && fallocate(fd, 0, taken, more) != 0) more /= 2;
    if (more < 4096) break;
    taken += more;
  }
  close(fd);
}

void SmallDisk::make_room() { std::filesystem::remove(filler()); }

}  // namespace baton::internal::e2e
