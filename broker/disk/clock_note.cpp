#include "broker/disk/clock_note.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "broker/disk/crc32.hpp"
#include "proto/bytes.hpp"

namespace baton::broker::disk {
namespace {

constexpr std::size_t crc_at = 16, note_size = 20;  // kept, wall, CRC

std::uint32_t crc_of(const char* note) { return crc32({note, crc_at}); }

}  // namespace

ClockNote::ClockNote(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + path.string());
}

ClockNote::~ClockNote() { ::close(fd_); }

void ClockNote::write(const KeptClock::Reading& reading) {
  std::array<char, note_size> raw{};
  store(raw.data(), reading.kept);
  store(&raw[8], reading.wall);
  store(&raw[crc_at], crc_of(raw.data()));
  static_cast<void>(!pwrite(fd_, raw.data(), raw.size(), 0));  // of use only, not needed
}

KeptClock::Reading ClockNote::read() const {
  std::array<char, note_size> raw{};
  if (pread(fd_, raw.data(), raw.size(), 0) != ssize_t{note_size}) return {};
  if (load<std::uint32_t>(&raw[crc_at]) != crc_of(raw.data())) return {};
  return {load<std::uint64_t>(raw.data()), load<std::uint64_t>(&raw[8])};
}

}  // namespace baton::broker::disk
