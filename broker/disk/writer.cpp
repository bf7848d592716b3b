#include "broker/disk/writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "os/no_signals.hpp"

namespace baton::internal::broker::disk {
namespace {

constexpr std::uint64_t reserved_bytes = 16 << 20;
constexpr Duration try_again = 500ms;
constexpr std::uint64_t little_room = 1 << 20;

std::string no_room(const std::filesystem::path& directory) {
  return "the disk of " + directory.string() +
         " is full (make room there: all continues by itself)";
}

/// Why a write has failed. LMDB's own reason does not always say that the disk is full.
std::string why_failed(const DiskError& error, const std::filesystem::path& directory) {
  std::error_code unknown;
  const auto room = std::filesystem::space(directory, unknown).available;
  return !unknown && room < little_room ? no_room(directory) : error.what();
}

}  // namespace

std::string Reserve::take() {
  if (taken_) return {};
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  const int error = fd < 0 ? errno : posix_fallocate(fd, 0, off_t{reserved_bytes});
  if (fd >= 0) ::close(fd);
  taken_ = error == 0;
  if (taken_) return {};
  ::unlink(path_.c_str());
  if (error == ENOSPC || error == EDQUOT) return no_room(path_.parent_path());
  return "cannot take room on the disk: " + path_.string() + ": " + std::strerror(error);
}

void Reserve::give_back() {
  if (std::exchange(taken_, false)) ::unlink(path_.c_str());
}

Writer::Writer(Database& database, const FileLock& lock, ClockNote& note,
               const std::filesystem::path& directory, BrokerInstance broker_instance,
               Wake& changed)
    : database_(database),
      lock_(lock),
      note_(note),
      directory_(directory),
      broker_instance_(broker_instance),
      reserve_(directory / "reserve"),
      changed_(changed) {
  const NoSignals none;
  thread_ = std::thread([this] { run(); });
}

Writer::Report Writer::end() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  return report_;
}

void Writer::submit(log::Batch&& batch) {
  busy_.store(true, std::memory_order_release);
  {
    const std::lock_guard lock(mutex_);
    if (submitted_)
      submitted_->absorb(std::move(batch));
    else
      submitted_ = std::move(batch);
  }
  wake_.notify_one();
}

void Writer::look(const log::StorageClock::Reading& clock) {
  {
    const std::lock_guard lock(mutex_);
    clock_ = clock;
  }
  wake_.notify_one();
}

Writer::Report Writer::report() {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Writer::run() {
  try {
    loop();
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    report_.failure = failure_of(error, directory_);
    changed_.signal();
  }
}

void Writer::loop() {
  note(0, 0, held());
  for (;;) {
    std::optional<log::Batch> batch;
    std::optional<log::StorageClock::Reading> clock;
    {
      std::unique_lock lock(mutex_);
      const auto something = [this] { return stop_ || submitted_ || clock_; };
      if (report_.durable.held.empty())
        wake_.wait(lock, something);
      else
        wake_.wait_for(lock, try_again, something);
      batch = std::exchange(submitted_, std::nullopt);
      clock = std::exchange(clock_, std::nullopt);
      if (stop_ && !batch && !clock) return;
    }
    if (clock) note_.write(*clock);
    check_in_place();
    if (!batch && report_.durable.held.empty()) continue;
    if (batch) pending_.absorb(std::move(*batch));
    write_pending();
    busy_.store(false, std::memory_order_release);
    changed_.signal();
  }
}

void Writer::check_in_place() const {
  lock_.check_in_place();
  database_.check_in_place();
}

void Writer::write_pending() {
  try {
    if (!pending_.empty()) database_.write(pending_, Database::What::all, broker_instance_);
    check_in_place();
    const auto ticket = pending_.ticket;
    pending_ = {};
    pending_.ticket = ticket;
    note(ticket, ticket, held());
  } catch (const DiskError& error) {
    write_settles(why_failed(error, directory_));
  }
}

/// Why new items must wait for room; empty if there is a reserve for settled items: beside the
/// data, or free in it.
std::string Writer::held() {
  auto why = reserve_.take();
  return why.empty() || database_.room() >= reserved_bytes ? "" : why;
}

/// New items wait; settled ones need little room, which is in the reserve.
void Writer::write_settles(const std::string& why) {
  reserve_.give_back();
  auto settles = report_.durable.settles;
  try {
    if (pending_.has_settles())
      database_.write(pending_, Database::What::settles, broker_instance_);
    check_in_place();
    pending_.forget_settles();
    settles = pending_.ticket;
  } catch (const DiskError&) {  // not even that: later
  }
  note(report_.durable.puts, settles, why);
}

void Writer::note(Ticket puts, Ticket settles, const std::string& held) {
  const std::lock_guard lock(mutex_);
  report_.durable = {puts, settles, held};
}

}  // namespace baton::internal::broker::disk
