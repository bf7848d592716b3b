#include "broker/disk/clock_note.hpp"

#include <string>

#include "proto/bytes.hpp"

namespace baton::internal::broker::disk {

void ClockNote::write(const log::StorageClock::Reading& reading) {
  std::string record;
  append(record, reading.time);
  append(record, reading.wall);
  note_.write(record);
}

log::StorageClock::Reading ClockNote::read(const std::filesystem::path& path) {
  const auto record = Note::read(path, 2 * sizeof(log::UnixMs));
  if (!record) return {};
  return {load<log::UnixMs>(record->data()),
          load<log::UnixMs>(record->data() + sizeof(log::UnixMs))};
}

}  // namespace baton::internal::broker::disk
