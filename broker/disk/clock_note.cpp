#include "broker/disk/clock_note.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <stdexcept>

#include "broker/disk/crc32.hpp"
#include "broker/disk/database.hpp"
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

KeptClock::Reading ClockNote::read(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  std::array<char, note_size + 1> raw{};  // to see that there is no more
  std::ifstream file(path, std::ios::binary);
  file.read(raw.data(), raw.size());
  const bool whole = file.eof() && (file.gcount() == 0 || file.gcount() == note_size);
  if (whole && raw == decltype(raw){}) return {};  // no note: the CRC of zeros is not 0
  if (!whole || load<std::uint32_t>(&raw[crc_at]) != crc_of(raw.data())) throw Damage(path.string() + " is damaged");
  return {load<std::uint64_t>(raw.data()), load<std::uint64_t>(&raw[8])};
}

}  // namespace baton::broker::disk
