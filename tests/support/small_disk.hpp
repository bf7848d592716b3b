// A disk of the test's own that is small and can be filled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace baton::internal::e2e {

/// A tmpfs of `bytes` at `path` where it may be mounted; else a plain directory, which cannot be
/// filled.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path path, std::uint64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool can_fill() const { return why_not_.empty(); }
  /// Why it cannot be filled; empty when it can.
  const std::string& why_not() const { return why_not_; }
  /// Takes all the room that is left.
  void fill();
  void make_room();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path filler() const { return path_ / "filler"; }

  std::filesystem::path path_;
  std::string why_not_;
};

}  // namespace baton::internal::e2e
