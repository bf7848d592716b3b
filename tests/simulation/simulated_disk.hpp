// A disk in the simulation: what lies on it outlives the broker. Of what was not written when a
// broker dies all is lost, but for the transaction under way, which may have made it. It is slow,
// or full for a while; its wall clock jumps, by days.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/disk/storage_clock.hpp"
#include "broker/storage.hpp"
#include "tests/simulation/world.hpp"

namespace baton::internal::simulation {

using broker::disk::Delay;
using broker::disk::StorageClock;
using broker::disk::UnixMs;

struct DiskProducer {
  broker::StoredProducer row;  // without its texts, which are
  std::string name, digests;
};

struct DiskItem {
  std::uint32_t queue = 0, producer = 0;  // indices
  std::string producer_name;              // for the judge only
  SeqNo number;
  std::uint8_t priority = 0;
  Delay delay;
  std::string body;
  std::uint64_t again = 0;
};

/// Of an item that failed.
struct DiskState {
  std::uint16_t failures = 0;
  bool dead = false, suspect = false;
  std::uint32_t deliveries = 0;
  Delay delay;
  std::vector<std::pair<UnixMs, broker::FailureRecord>> history;
};

/// What one transaction writes.
struct DiskBatch {
  broker::Ticket ticket = 0;
  ItemId last;
  std::map<ItemId, DiskItem> puts;                             // but such as are settled already
  std::map<std::uint32_t, std::optional<std::string>> queues;  // nothing: it is forgotten
  std::map<std::uint32_t, std::optional<DiskProducer>> producers;  // nothing: it is forgotten
  std::set<ItemId> erased;
  std::map<ItemId, std::optional<DiskState>> states;

  bool empty() const {
    return puts.empty() && queues.empty() && producers.empty() && erased.empty() && states.empty();
  }
  /// Takes what a later one says.
  void absorb(DiskBatch later);
};

class SimulatedDisk {
 public:
  /// A transaction takes up to `slowest`.
  SimulatedDisk(World& world, Duration slowest) : world_(world), slowest_(slowest) {}

  // The operator and nature.
  void fill(Duration time) { full_until_ = world_.now() + time; }
  void clock_jumps(Duration by);
  UnixMs wall() const;
  Time now() const { return world_.now(); }

  // A broker's process. Nothing of what it gave to the disk comes to pass once it is dead.
  void begin(BrokerInstance broker_instance, ItemId last, std::function<void()> on_durable);
  bool idle() const { return !under_way_; }
  /// What its clock says, for the next process.
  void note(const StorageClock::Reading& clock);
  const StorageClock::Reading& noted() const { return noted_; }
  /// How far a process that starts now must be wrong about the time, for what nobody could tell it:
  /// back by no more than has passed since the last note.
  Duration astray() const { return std::max(noted_at_ - world_.now(), jumped_); }
  /// At the end of a process also while one is under way: it goes along.
  void submit(DiskBatch batch);
  const broker::Storage::Durable& durable() const { return durable_; }
  /// In order: what was submitted is written first.
  void end(bool in_order);

  // What lies on it.
  struct Rows {
    BrokerInstance broker_instance;
    ItemId last;
    std::map<std::uint32_t, std::string> queues;
    std::map<std::uint32_t, DiskProducer> producers;
    std::map<ItemId, DiskItem> items;
    std::map<ItemId, DiskState> states;
  };
  const Rows& rows() const { return rows_; }
  /// A process died that had settled items on a full disk: producers' counts of them were not
  /// written.
  bool lost_counts() const { return lost_counts_; }

 private:
  bool full() const { return world_.faulty && world_.now() < full_until_; }
  void expect(Duration delay);
  void write();
  void write_settles();

  World& world_;
  const Duration slowest_;
  Rows rows_;
  Time full_until_{};
  Duration wall_ahead_{}, jumped_{};  // jumped: since the last note
  StorageClock::Reading noted_;
  Time noted_at_{};

  // Of the process.
  std::uint64_t process_ = 0;  // counts them
  BrokerInstance broker_instance_;
  std::function<void()> on_durable_;
  bool under_way_ = false;
  std::uint64_t try_ = 0;      // the one that is expected; others are void
  bool settles_only_ = false;  // some of what waits was written already, the rest waits
  DiskBatch pending_;
  broker::Storage::Durable durable_;
  bool lost_counts_ = false;
};

}  // namespace baton::internal::simulation
