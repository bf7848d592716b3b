#include "broker/disk/file_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "broker/disk/in_place.hpp"

namespace baton::broker::disk {
namespace {

[[noreturn]] void fail(const std::filesystem::path& directory, const std::string& why) {
  throw std::runtime_error("cannot use the data directory " + directory.string() + ": " + why);
}

}  // namespace

FileLock::FileLock(std::filesystem::path file, const std::filesystem::path& directory) : file_(std::move(file)) {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) fail(directory, std::generic_category().message(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(fd_, F_OFD_SETLK, &whole) == 0) return;
  const bool taken = errno == EAGAIN || errno == EACCES;
  const auto why = taken ? "another broker uses it" : std::generic_category().message(errno);
  ::close(fd_);
  fail(directory, why);
}

FileLock::~FileLock() { ::close(fd_); }

void FileLock::check_in_place() const { disk::check_in_place(file_, fd_); }

}  // namespace baton::broker::disk
