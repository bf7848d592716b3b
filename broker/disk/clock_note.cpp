#include "broker/disk/clock_note.hpp"

#include <string>

#include "proto/bytes.hpp"

namespace baton::internal::broker::disk {

void ClockNote::write(const StorageClock::Reading& reading) {
  std::string record;
  append(record, reading.time);
  append(record, reading.wall);
  note_.write(record);
}

StorageClock::Reading ClockNote::read(const std::filesystem::path& path) {
  const auto record = Note::read(path, 2 * sizeof(UnixMs));
  if (!record) return {};
  return {load<UnixMs>(record->data()), load<UnixMs>(record->data() + sizeof(UnixMs))};
}

}  // namespace baton::internal::broker::disk
