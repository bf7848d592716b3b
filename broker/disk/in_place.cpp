#include "broker/disk/in_place.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace baton::internal::broker::disk {

void check_in_place(const std::filesystem::path& path, int fd) {
  struct stat named {
  }, used{};
  if (fstat(fd, &used) != 0) return;
  if (stat(path.c_str(), &named) == 0) {
    if (named.st_dev == used.st_dev && named.st_ino == used.st_ino) return;
    throw Removed(path.string() + " was replaced while this broker used it");
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == ESTALE)
    throw Removed(path.string() + " was removed while this broker used it");
  // Otherwise it cannot be known.
}

}  // namespace baton::internal::broker::disk
