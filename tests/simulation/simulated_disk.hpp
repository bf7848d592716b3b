// A disk in the simulation: what lies on it outlives the broker. Of what was not written when a
// broker dies all is lost, but for the transaction under way, which may have made it. It is slow,
// or full for a while; its wall clock jumps, by days.
#pragma once

#include <functional>

#include "broker/log/storage_clock.hpp"
#include "tests/log/model_log.hpp"
#include "tests/simulation/world.hpp"

namespace baton::internal::simulation {

class SimulatedDisk final : public broker::test::ModelLog {
 public:
  /// A transaction takes up to `slowest`.
  SimulatedDisk(World& world, Duration slowest) : world_(world), slowest_(slowest) {}

  // The operator and nature.
  void fill(Duration time) { full_until_ = world_.now() + time; }
  void clock_jumps(Duration by);
  broker::log::UnixMs wall() const;

  // A broker's process. Nothing of what it gave to the disk comes to pass once it is dead.
  void begin(std::function<void()> on_durable) { on_durable_ = std::move(on_durable); }
  void note_clock(const broker::log::StorageClock::Reading& reading) override;
  /// In order: what was appended is written, where there is room.
  End end() override;
  /// Without a word, as by a loss of power.
  void kill();

  /// How far a process that starts now must be wrong about the time, for what nobody could tell it:
  /// back by no more than has passed since the last note.
  Duration astray() const { return std::max(noted_at_ - world_.now(), jumped_); }
  /// A process died that had settled items on a full disk: producers' counts of them were not
  /// written.
  bool lost_counts() const { return lost_counts_; }

 private:
  void appended() override;
  bool full() const { return world_.faulty && world_.now() < full_until_; }
  void expect(Duration delay);
  void write_if_room();
  void process_ends();

  World& world_;
  const Duration slowest_;
  Time full_until_{};
  Duration wall_ahead_{}, jumped_{};  // jumped: since the last note
  Time noted_at_{};

  // Of the process.
  std::uint64_t process_ = 0;  // counts them
  std::function<void()> on_durable_;
  std::uint64_t try_ = 0;      // the one that is expected; others are void
  bool settles_only_ = false;  // some of what waits was written already, the rest waits
  bool lost_counts_ = false;
};

}  // namespace baton::internal::simulation
