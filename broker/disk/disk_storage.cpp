#include "broker/disk/disk_storage.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

namespace baton::internal::broker {
namespace {

using disk::UnixMs;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::uint64_t bytes_per_item = 32;  // in the core's table
constexpr std::uint64_t least_to_compact = 32u << 20;
// So that most pass through memory in any case.
constexpr std::uint64_t least_for_bodies = 16u << 20;

// Bytes of states that are not on disk yet.
constexpr std::uint64_t most_states_waiting = 16u << 20;
constexpr std::size_t short_history = 256;
constexpr Duration look_every = 500ms;  // a broker that has nothing to do ends a turn each second

StoredItem stored_item(ItemId id, const disk::ItemRow& row, const disk::StateRow* state,
                       const disk::StorageClock& clock, Time now) {
  StoredItem item;
  item.id = id;
  item.queue = row.queue;
  item.producer = row.producer;
  item.size = static_cast<std::uint32_t>(row.body.size());
  item.priority = row.priority;
  item.delay_ms = clock.left_ms(state ? state->delay : row.delay, now);
  item.again = row.again;
  item.number = row.number;
  if (!state) return item;
  item.failures = state->failures;
  item.dead = state->dead;
  item.suspect = state->suspect;
  item.deliveries = state->deliveries;
  return item;
}

/// Makes it if need be.
const std::filesystem::path& made(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) disk::cannot_use(directory, error.message());
  return directory;
}

}  // namespace

disk::UnixMs wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<UnixMs>(std::max<std::int64_t>(duration_cast<milliseconds>(since).count(), 0));
}

DiskStorage::DiskStorage(DiskOptions options, Wake& changed)
    : options_(std::move(options)),
      changed_(changed),
      lock_(made(options_.directory) / "lock", options_.directory),
      database_(options_.directory),
      note_(options_.directory / "clock") {
  open_.ticket = 1;
}

DiskStorage::~DiskStorage() { end(); }

DiskStorage::Written DiskStorage::end() {
  if (writer_) {
    look_at_ = {};
    look(std::chrono::steady_clock::now());
    if (turn_over_ && !open_.empty()) submit();
    note_written(writer_->end().puts);
  }
  Written result{!writer_ || !writer_->failed(), items_put_, database_.items_written(), 0};
  writer_.reset();
  for (const auto& segment : unwritten_) result.missing += segment->live();
  return result;
}

void DiskStorage::load(RestoreTarget& target, BrokerInstance broker_instance, Time now) {
  clock_.emplace(disk::ClockNote::read(options_.directory / "clock"), options_.wall(), now);
  disk::Database::Visitor visitor;
  visitor.superblock = [&](const disk::Superblock& superblock) {
    const auto first = first_id(broker_instance, superblock.broker_instance, superblock.last);
    open_.last = {first.value -
                  1};  // all that this process gives is above it, whatever of that is ever written
    target.begin(superblock.broker_instance, first);
  };
  visitor.queue = [&](std::uint64_t index, std::string_view name) {
    target.queue(static_cast<std::uint32_t>(index), name);
    know_queue(index);
  };
  visitor.producer = [&](std::uint64_t index, const disk::ProducerRow& row) {
    target.producer({static_cast<std::uint32_t>(index), row.name, row.named, row.closed,
                     row.received, row.done, row.dead, row.digests, row.undigested});
  };
  visitor.item = [&](std::uint64_t id, const disk::ItemRow& row, const disk::StateRow* state) {
    ++items_;
    if (state) failed_.insert(id);
    target.item(stored_item({id}, row, state, *clock_, now));
  };
  database_.load(visitor);
  compact_if_worth_it();
  write_broker_instance(broker_instance);
  writer_ = std::make_unique<disk::Writer>(database_, lock_, note_, options_.directory,
                                           broker_instance, changed_);
}

/// Before anything is delivered: who holds an item at this process's end names its broker instance,
/// also when nothing else was written by then.
void DiskStorage::write_broker_instance(BrokerInstance broker_instance) {
  disk::Batch nothing_else;
  nothing_else.last = open_.last;
  try {
    database_.write(nothing_else, disk::Database::What::settles, broker_instance);
  } catch (const disk::DiskError&) {  // a full disk: with what is settled next
  }
}

/// All was read, and is whole. Where most of the file is free, the copy is small.
void DiskStorage::compact_if_worth_it() {
  const auto size = database_.size();
  if (size.free < least_to_compact || size.free < size.all / 4 * 3) return;
  try {
    database_.compact();
  } catch (const disk::DiskError&) {  // no room for a copy: another time
  }
}

// --- what the core says --------------------------------------------------------------------------

/// nullptr: its body is on disk only.
disk::Segment* DiskStorage::segment_of(ItemId id) {
  if (recent_ && recent_->contains(id)) return recent_;
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), id,
      [](ItemId item, const SegmentPtr& segment) { return item < segment->first(); });
  if (after == segments_.begin()) return nullptr;
  const auto& segment = *std::prev(after);
  return segment->contains(id) ? recent_ = segment.get() : nullptr;
}

DiskStorage::Segments::iterator DiskStorage::forget(Segments::iterator at) {
  recent_ = nullptr;
  return segments_.erase(at);
}

disk::Segment& DiskStorage::open_segment(ItemId id) {
  if (!open_.puts.empty()) {
    auto& last = *segments_.back();
    if (in_open_batch(last) && last.end() == id && last.has_room()) return last;
  }
  segments_.push_back(std::make_shared<disk::Segment>(id, open_.ticket));
  unwritten_.push_back(segments_.back());
  open_.puts.push_back({segments_.back(), {}});
  return *segments_.back();
}

disk::Delay DiskStorage::delay_of(const StoredItem& item) const {
  return item.delay_ms == 0 ? disk::Delay{}
                            : clock_->delay(item.delay_ms, std::chrono::steady_clock::now());
}

void DiskStorage::put(const StoredItem& item, const Names& names, std::string_view body) {
  turn_over_ = false;
  ++items_;
  ++items_put_;
  open_.last = item.id;
  if (item.queue >= queues_known_.size() || !queues_known_[item.queue]) {
    auto& row = open_.queues[item.queue].emplace();
    disk::append_queue(row, item.queue, names.queue);
    know_queue(item.queue);
  }
  open_segment(item.id).add(
      {item.queue, item.producer, item.priority, item.number, delay_of(item), body, item.again});
}

std::string_view DiskStorage::body(ItemId id) {
  const auto* segment = segment_of(id);
  if (!segment) return database_.body(id);
  disk::ItemRow row;
  if (!disk::read_item(id.value, segment->row(id), row))
    throw disk::Damage("a body in memory is damaged");
  return row.body;
}

std::string_view DiskStorage::part(ItemId id, std::uint64_t offset, std::size_t size,
                                   std::uint32_t& check) {
  const auto* segment = segment_of(id);
  if (!segment) return database_.part(id, offset, size, check);
  std::string_view bytes;
  if (!disk::read_item_part(id.value, segment->row(id), offset, size, check, bytes))
    throw disk::Damage("a body in memory is damaged");
  return bytes;
}

/// While the disk is slower than consumers fail, what waits for it is cut.
void DiskStorage::update(const StoredItem& item, const std::vector<FailureRecord>& all) {
  turn_over_ = false;
  auto history = all;
  if (states_.bytes() > most_states_waiting) keep_last(history, short_history);
  disk::StateRow state{item.failures, item.dead, item.suspect, delay_of(item), item.deliveries, {}};
  for (const auto& failure : history)
    state.history.push_back({clock_->at(failure.at), failure.consumer, failure.why});
  auto& row = open_.states[item.id.value].emplace();
  disk::append_state(row, item.id.value, state);
  states_.note(row.size());
  failed_.insert(item.id.value);
}

/// As the last one wrote it who said something of it: this turn, one that is on its way to the
/// disk, or an earlier one.
disk::StateRow DiskStorage::state_of(ItemId id) {
  const auto open = open_.states.find(id.value);
  const auto* row =
      open != open_.states.end() && open->second ? &*open->second : states_.find(id.value);
  disk::StateRow state;
  if (row && disk::read_state(id.value, *row, state)) return state;
  return database_.state(id);
}

std::vector<FailureRecord> DiskStorage::history(ItemId id) {
  std::vector<FailureRecord> history;
  if (!failed_.contains(id.value)) return history;
  const auto now = std::chrono::steady_clock::now();
  for (auto& failure : state_of(id).history)
    history.push_back(
        {std::move(failure.consumer), std::move(failure.why), clock_->from(failure.at, now)});
  return history;
}

void DiskStorage::erase(ItemId id) {
  turn_over_ = false;
  --items_;
  if (failed_.erase(id.value) > 0) open_.states[id.value] = std::nullopt;
  auto* segment = segment_of(id);
  if (!segment) {
    open_.erased.push_back(id);
    return;
  }
  segment->erase(id);
  if (in_open_batch(*segment)) return;
  open_.erased.push_back(id);
  if (segment->live() > 0) return;
  if (segment->on_disk) memory_of_bodies_ -= segment->memory();
  drop(segment->first());
}

void DiskStorage::save(const StoredProducer& producer) {
  turn_over_ = false;
  auto& row = open_.producers[producer.index].emplace();
  disk::append_producer(row, producer.index,
                        {producer.name, producer.named, producer.closed, producer.received,
                         producer.done, producer.dead, producer.digests});
}

/// Also between turns: it has no items any more, and these were settled in turns that are over.
void DiskStorage::forget_producer(std::uint32_t index) { open_.producers[index] = std::nullopt; }

/// Its items' rows are deleted with this batch at the latest: who has its index next comes later,
/// or in the same transaction.
void DiskStorage::forget_queue(std::uint32_t index) {
  open_.queues[index] = std::nullopt;
  queues_known_[index] = false;
}

void DiskStorage::know_queue(std::uint64_t index) {
  if (index >= queues_known_.size()) queues_known_.resize(index + 1);
  queues_known_[index] = true;
}

// --- turns ---------------------------------------------------------------------------------------

Ticket DiskStorage::commit() {
  database_.end_reading();
  turn_over_ = true;
  look(std::chrono::steady_clock::now());
  if (open_.empty()) return open_.ticket - 1;
  const auto ticket = open_.ticket;
  if (writer_->idle()) submit();
  return ticket;
}

/// At the end of each turn, to some purpose twice a second at most.
void DiskStorage::look(Time now) {
  if (now < look_at_) return;
  look_at_ = now + look_every;
  writer_->look(clock_->look(options_.wall(), now));
}

void DiskStorage::submit() {
  for (auto& [segment, skip] : open_.puts) skip = segment->gone();
  const auto last = open_.last;
  const auto ticket = open_.ticket;
  states_.submit(ticket, open_.states);
  writer_->submit(std::move(open_));
  open_ = {};
  open_.ticket = ticket + 1;
  open_.last = last;
}

Storage::Durable DiskStorage::durable() {
  auto durable = writer_->durable();
  note_written(durable.puts);
  states_.written(durable.settles);
  return durable;
}

void DiskStorage::note_written(Ticket durable) {
  for (; !unwritten_.empty() && unwritten_.front()->ticket() <= durable; unwritten_.pop_front())
    written(*unwritten_.front());
}

/// Kept in memory while there is some: what waits longest stays, what comes later is read from the
/// disk when its turn comes.
void DiskStorage::written(disk::Segment& segment) {
  segment.shrink();
  if (segment.live() > 0) {
    segment.on_disk = true;
    memory_of_bodies_ += segment.memory();
  } else {
    drop(segment.first());
  }
  // The newest go first. The table grows with what waits, and leaves less and less for bodies.
  for (auto at = segments_.end();
       at != segments_.begin() && memory_of_bodies_ > memory_for_bodies();) {
    if (!(*--at)->on_disk) continue;
    memory_of_bodies_ -= (*at)->memory();
    at = forget(at);
  }
}

void DiskStorage::drop(ItemId first) {
  const auto at =
      std::lower_bound(segments_.begin(), segments_.end(), first,
                       [](const SegmentPtr& one, ItemId id) { return one->first() < id; });
  if (at != segments_.end() && (*at)->first() == first) forget(at);
}

std::uint64_t DiskStorage::memory_for_bodies() const {
  const auto table = items_ * bytes_per_item;
  return std::max(least_for_bodies, options_.max_memory > table ? options_.max_memory - table : 0);
}

}  // namespace baton::internal::broker
