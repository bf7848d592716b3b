#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "broker/disk/database.hpp"

namespace baton::broker::disk {

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const auto path = directory / "lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0)
    throw std::runtime_error("cannot use the data directory " + directory.string() + ": " +
                             std::generic_category().message(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(fd_, F_OFD_SETLK, &whole) == 0) return;
  const bool taken = errno == EAGAIN || errno == EACCES;
  const auto why = taken ? "another broker uses it" : std::generic_category().message(errno);
  ::close(fd_);
  throw std::runtime_error("cannot use the data directory " + directory.string() + ": " + why);
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace baton::broker::disk
