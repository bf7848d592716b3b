// A lock on a file that one process holds at a time, for its life, or several that only read;
// containers that share the file count.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace baton::internal::broker::disk {

/// Throws the std::runtime_error that names a data directory that cannot be used, and why.
[[noreturn]] void cannot_use(const std::filesystem::path& directory, const std::string& why);

class FileLock {
 public:
  /// Makes the file if need be. Throws std::runtime_error, naming `directory`, when it is another's
  /// or cannot be used.
  FileLock(std::filesystem::path file, const std::filesystem::path& directory);
  /// For who only reads: makes and writes nothing. Where the file system has no locks, it has none.
  static std::unique_ptr<FileLock> shared(std::filesystem::path file,
                                          const std::filesystem::path& directory);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// Throws Removed when another file, or none, has the name by now: the broker that locks that one
  /// may go on with it.
  void check_in_place() const;
  void renamed(std::filesystem::path file) { file_ = std::move(file); }

 private:
  FileLock(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}

  std::filesystem::path file_;
  int fd_;
};

}  // namespace baton::internal::broker::disk
