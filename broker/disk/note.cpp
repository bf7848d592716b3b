#include "broker/disk/note.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "broker/disk/database.hpp"
#include "broker/log/crc32.hpp"
#include "os/uninterrupted.hpp"
#include "proto/bytes.hpp"

namespace baton::internal::broker::disk {

Note::Note(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0)
    throw std::runtime_error("cannot write " + path.string() + ": " +
                             std::generic_category().message(errno));
}

Note::~Note() { ::close(fd_); }

void Note::write(std::string_view record) {
  std::string raw(record);
  append(raw, log::crc32(record));
  static_cast<void>(uninterrupted([&] { return pwrite(fd_, raw.data(), raw.size(), 0); }));
}

void Note::sync() {
  uninterrupted([&] { return fdatasync(fd_); });
}

std::optional<std::string> Note::read(const std::filesystem::path& path, std::size_t size) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto whole = size + sizeof(std::uint32_t);
  std::string raw(whole + 1, '\0');  // one byte more, to detect a longer file
  std::ifstream file(path, std::ios::binary);
  file.read(raw.data(), static_cast<std::streamsize>(raw.size()));
  const auto got = static_cast<std::size_t>(file.gcount());
  const bool zeros = raw.find_first_not_of('\0') == std::string::npos;
  if (zeros && (got == 0 || got == whole))
    return std::nullopt;  // no record: the CRC of zeros is not 0
  const std::string_view record(raw.data(), size);
  if (got != whole || load<std::uint32_t>(&raw[size]) != log::crc32(record))
    throw Damage(path.string() + " is damaged");
  return std::string(record);
}

}  // namespace baton::internal::broker::disk
