#include "tests/simulation/simulated_disk.hpp"

#include <utility>

namespace baton::internal::simulation {
namespace {

constexpr Duration try_again = 500ms;
constexpr std::int64_t epoch_of_wall = 1'700'000'000'000;

}  // namespace

void SimulatedDisk::clock_jumps(Duration by) {
  world_.trace([&] { return "the wall clock jumps by " + std::to_string(by / 1ms) + " ms"; });
  wall_ahead_ += by;
  jumped_ += by;
}

void SimulatedDisk::note_clock(const broker::log::StorageClock::Reading& reading) {
  if (!on_durable_) return;
  ModelLog::note_clock(reading);
  noted_at_ = world_.now();
  jumped_ = {};
}

broker::log::UnixMs SimulatedDisk::wall() const {
  const auto since = world_.now().time_since_epoch() + wall_ahead_;
  return static_cast<broker::log::UnixMs>(
      epoch_of_wall + std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void SimulatedDisk::appended() { expect(world_.random.between(Duration::zero(), slowest_)); }

/// A try to write what waits; while the disk is full there is another one now and then.
void SimulatedDisk::expect(Duration delay) {
  world_.after(delay, [this, turn = ++try_, process = process_] {
    if (process != process_ || turn != try_) return;
    write_if_room();
    on_durable_();
    if (!durable().held.empty()) expect(try_again);
  });
}

void SimulatedDisk::write_if_room() {
  settles_only_ = full() && (settles_only_ || pending().has_settles());
  write(full());
}

broker::log::CommitLog::End SimulatedDisk::end() {
  if (!on_durable_) return {};
  if (is_under_way()) write_if_room();
  process_ends();
  return {durable().puts, 0};
}

void SimulatedDisk::kill() {
  if (is_under_way() && world_.random.chance(500)) write_if_room();
  process_ends();
}

void SimulatedDisk::process_ends() {
  lost_counts_ = lost_counts_ || settles_only_;
  ++process_;
  on_durable_ = nullptr;
  settles_only_ = false;
  crash();
}

}  // namespace baton::internal::simulation
