#include "producer/source.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "net/uninterrupted.hpp"

namespace baton {
namespace {

constexpr std::size_t digest_bytes = 32, read_bytes = 256u << 10;

class Digest {
 public:
  Digest() { crypto_generichash_init(&state_, nullptr, 0, digest_bytes); }

  void add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  std::string hex() {
    std::array<unsigned char, digest_bytes> digest{};
    crypto_generichash_final(&state_, digest.data(), digest.size());
    std::string text(2 * digest_bytes + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    text.pop_back();
    return text;
  }

 private:
  crypto_generichash_state state_{};
};

class File {
 public:
  explicit File(const std::string& path)
      : fd_(uninterrupted([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); })), path_(path) {
    check(fd_);
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void add_to(Digest& digest) {
    std::string buffer(read_bytes, '\0');
    while (const auto got = check(uninterrupted([&] { return read(fd_, buffer.data(), buffer.size()); })))
      digest.add({buffer.data(), got});
  }

 private:
  std::size_t check(ssize_t result) const {
    if (result < 0) throw std::system_error(errno, std::generic_category(), path_);
    return static_cast<std::size_t>(result);
  }

  int fd_;
  std::string path_;
};

/// What can be read a second time.
bool is_regular(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::string source_of(const std::vector<std::string>& parts, const std::string& path) {
  const bool once_only = std::find(parts.begin(), parts.end(), "-") != parts.end();
  if (once_only || (!path.empty() && !is_regular(path))) return {};
  Digest digest;
  for (const auto& part : parts) {
    digest.add(std::to_string(part.size()) + ":");
    digest.add(part);
  }
  if (!path.empty()) File(path).add_to(digest);
  return digest.hex();
}

}  // namespace baton
