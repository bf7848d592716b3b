// What this process writes to files, in order, so that a test can see what a loss of power would
// leave of it. The library calls by which LMDB and we write are replaced in this program (see
// write_log.cpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace baton::internal::broker::test {

struct Written {
  enum class What : std::uint8_t { bytes, synced } what = What::bytes;
  std::string path;  ///< of the file
  std::int64_t offset = 0;
  std::string bytes;
  bool at_once = false;  ///< on disk when the call returned (O_DSYNC)
};

/// Records all writes below `directory` while it lives. One at a time.
class WriteLog {
 public:
  explicit WriteLog(const std::filesystem::path& directory);
  ~WriteLog();
  WriteLog(const WriteLog&) = delete;
  WriteLog& operator=(const WriteLog&) = delete;

  /// How many there are so far.
  std::size_t size() const;

  /// Makes `directory` what is on disk when the power goes after the first `count` of them: all
  /// that was synced, and of the rest whatever sectors chance lets through.
  void replay(std::size_t count, const std::filesystem::path& directory,
              std::mt19937_64& random) const;
};

}  // namespace baton::internal::broker::test
