// A lock on a file, held by one process for its life, or shared by several that only read. It also
// works between containers that share the file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace baton::internal::broker::disk {

/// Throws the std::runtime_error that names a data directory and why it cannot be used.
[[noreturn]] void cannot_use(const std::filesystem::path& directory, const std::string& why);

class FileLock {
 public:
  /// Creates the file if necessary. Throws std::runtime_error, naming `directory`, if another
  /// process has the lock or the file cannot be used.
  FileLock(std::filesystem::path file, const std::filesystem::path& directory);
  /// For readers: creates and writes nothing. On a file system without locks there is none.
  static std::unique_ptr<FileLock> shared(std::filesystem::path file,
                                          const std::filesystem::path& directory);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// Throws Removed if the name now belongs to another file, or none: another broker may have
  /// locked that one.
  void check_in_place() const;
  void renamed(std::filesystem::path file) { file_ = std::move(file); }

 private:
  FileLock(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}

  std::filesystem::path file_;
  int fd_;
};

}  // namespace baton::internal::broker::disk
