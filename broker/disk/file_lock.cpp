#include "broker/disk/file_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "broker/disk/in_place.hpp"

namespace baton::internal::broker::disk {
namespace {

/// Locks the whole file; returns 0 or errno.
int lock(int fd, short type) {
  struct flock whole {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  return fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
}

bool is_taken(int code) { return code == EAGAIN || code == EACCES; }

[[noreturn]] void fail(int code, const std::filesystem::path& directory) {
  cannot_use(directory,
             is_taken(code) ? "another broker uses it" : std::generic_category().message(code));
}

}  // namespace

void cannot_use(const std::filesystem::path& directory, const std::string& why) {
  throw std::runtime_error("cannot use the data directory " + directory.string() + ": " + why);
}

FileLock::FileLock(std::filesystem::path file, const std::filesystem::path& directory)
    : file_(std::move(file)) {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) cannot_use(directory, std::generic_category().message(errno));
  const int code = lock(fd_, F_WRLCK);
  if (code == 0) return;
  ::close(fd_);
  fail(code, directory);
}

std::unique_ptr<FileLock> FileLock::shared(std::filesystem::path file,
                                           const std::filesystem::path& directory) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) cannot_use(directory, std::generic_category().message(errno));
  std::unique_ptr<FileLock> made(new FileLock(std::move(file), fd));
  if (const int code = lock(fd, F_RDLCK); is_taken(code)) fail(code, directory);
  return made;
}

FileLock::~FileLock() { ::close(fd_); }

void FileLock::check_in_place() const { disk::check_in_place(file_, fd_); }

}  // namespace baton::internal::broker::disk
