#include "broker/disk/disk_log.hpp"

#include <system_error>
#include <utility>

#include "broker/disk/errors.hpp"

namespace baton::internal::broker {
namespace {

constexpr std::uint64_t least_to_compact = 32u << 20;

/// Creates it if necessary.
const std::filesystem::path& made(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) disk::cannot_use(directory, error.message());
  return directory;
}

}  // namespace

DiskLog::DiskLog(std::filesystem::path directory, Wake& changed)
    : directory_(std::move(directory)),
      changed_(changed),
      lock_(made(directory_) / "lock", directory_),
      database_(directory_),
      note_(directory_ / "clock") {}

void DiskLog::read(const Reader& reader) {
  database_.load(reader);
  compact_if_worth_it();
}

/// Everything was read and is whole. If most of the file is free, the copy is small.
void DiskLog::compact_if_worth_it() {
  const auto size = database_.size();
  if (size.free < least_to_compact || size.free < size.all / 4 * 3) return;
  try {
    database_.compact();
  } catch (const disk::DiskError&) {  // no room for a copy: another time
  }
}

log::StorageClock::Reading DiskLog::last_clock() {
  return disk::ClockNote::read(directory_ / "clock");
}

void DiskLog::lead(BrokerInstance broker_instance, ItemId last) {
  log::Batch nothing_else;
  nothing_else.last = last;
  try {
    database_.write(nothing_else, disk::Database::What::settles, broker_instance);
  } catch (const disk::DiskError&) {  // a full disk: with the next settled items
  }
  writer_ = std::make_unique<disk::Writer>(database_, lock_, note_, directory_, broker_instance,
                                           changed_);
}

/// The first failure is the reason; later ones follow from it.
Storage::Durable DiskLog::take(disk::Writer::Report report) {
  if (report.failure && !failure_) failure_ = std::move(report.failure);
  return std::move(report.durable);
}

Storage::Durable DiskLog::durable() { return take(writer_->report()); }

template <class Read>
auto DiskLog::reading(Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const std::exception& error) {
    if (!failure_) failure_ = disk::failure_of(error, directory_);
    return {};
  }
}

std::string_view DiskLog::body(ItemId id) {
  return reading([&] { return database_.body(id); });
}

std::string_view DiskLog::part(ItemId id, std::uint64_t offset, std::size_t size,
                               std::uint32_t& check) {
  return reading([&] { return database_.part(id, offset, size, check); });
}

log::StateRow DiskLog::state(ItemId id) {
  return reading([&] { return database_.state(id); });
}

log::CommitLog::End DiskLog::end() {
  const auto durable = take(writer_->end());
  return {durable.puts, database_.items_written()};
}

}  // namespace baton::internal::broker
