#include "tests/disk/write_log.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>

namespace baton::internal::broker::test {
namespace {

constexpr std::size_t sector = 512;  // what a disk writes whole

std::mutex mutex;
std::string recorded;  // the directory; empty: nothing is recorded
std::vector<Written> writes;

template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// The file's path when it is one of those recorded.
std::string path_of(int fd) {
  if (recorded.empty()) return {};
  std::string path(4096, '\0');
  const auto size =
      readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.starts_with(recorded) ? path : std::string();
}

void note_bytes(int fd, std::string bytes, std::int64_t offset) {
  const std::lock_guard lock(mutex);
  if (auto path = path_of(fd); !path.empty())
    writes.push_back({Written::What::bytes, std::move(path), offset, std::move(bytes),
                      (fcntl(fd, F_GETFL) & O_DSYNC) != 0});
}

void note_sync(int fd) {
  const std::lock_guard lock(mutex);
  if (auto path = path_of(fd); !path.empty())
    writes.push_back({Written::What::synced, std::move(path), 0, {}, true});
}

std::string bytes_of(const iovec* parts, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return bytes;
}

void write_at(const std::string& path, std::int64_t offset, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  static_cast<void>(!::pwrite(fd, bytes.data(), bytes.size(), offset));
  close(fd);
}

/// Sector by sector, as chance will have it.
void write_some(const std::string& path, std::int64_t offset, std::string_view bytes,
                std::mt19937_64& random) {
  for (std::size_t at = 0; at < bytes.size(); at += sector)
    if (random() % 2 == 0)
      write_at(path, offset + static_cast<std::int64_t>(at), bytes.substr(at, sector));
}

}  // namespace

WriteLog::WriteLog(const std::filesystem::path& directory) {
  const std::lock_guard lock(mutex);
  writes.clear();
  recorded = std::filesystem::canonical(directory).string() + "/";
}

WriteLog::~WriteLog() {
  const std::lock_guard lock(mutex);
  recorded.clear();
}

std::size_t WriteLog::size() const {
  const std::lock_guard lock(mutex);
  return writes.size();
}

void WriteLog::replay(std::size_t count, const std::filesystem::path& directory,
                      std::mt19937_64& random) const {
  std::map<std::string, std::size_t> synced;  // up to here all is on disk
  for (std::size_t i = 0; i < count; ++i)
    if (writes[i].what == Written::What::synced) synced[writes[i].path] = i;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& one = writes[i];
    if (one.what == Written::What::synced) continue;
    const auto path = (directory / std::filesystem::path(one.path).filename()).string();
    const auto until = synced.find(one.path);
    if (one.at_once || (until != synced.end() && i < until->second))
      write_at(path, one.offset, one.bytes);
    else
      write_some(path, one.offset, one.bytes, random);
  }
}

}  // namespace baton::internal::broker::test

// --- in place of the C library's -----------------------------------------------------------------

using namespace baton::internal::broker::
    test;  // NOLINT: the functions below have the C library's names

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static auto* const real = original<decltype(pwrite)>("pwrite");
  const auto written = real(fd, bytes, size, offset);
  if (written > 0)
    note_bytes(fd, {static_cast<const char*>(bytes), static_cast<std::size_t>(written)}, offset);
  return written;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  static auto* const real = original<decltype(pwritev)>("pwritev");
  const auto written = real(fd, parts, count, offset);
  if (written > 0)
    note_bytes(fd, bytes_of(parts, count).substr(0, static_cast<std::size_t>(written)), offset);
  return written;
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const real = original<decltype(writev)>("writev");
  const auto offset = lseek(fd, 0, SEEK_CUR);
  const auto written = real(fd, parts, count);
  if (written > 0)
    note_bytes(fd, bytes_of(parts, count).substr(0, static_cast<std::size_t>(written)), offset);
  return written;
}

int fdatasync(int fd) {
  static auto* const real = original<decltype(fdatasync)>("fdatasync");
  const int result = real(fd);
  if (result == 0) note_sync(fd);
  return result;
}

int fsync(int fd) {
  static auto* const real = original<decltype(fsync)>("fsync");
  const int result = real(fd);
  if (result == 0) note_sync(fd);
  return result;
}

}  // extern "C"
