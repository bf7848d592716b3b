#include "broker/log/log_storage.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

namespace baton::internal::broker {
namespace {

using log::UnixMs;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::uint64_t bytes_per_item = 32;  // in the core's table
// So that most items pass through memory in any case.
constexpr std::uint64_t least_for_bodies = 16u << 20;

// Bytes of state rows that are not on disk yet.
constexpr std::uint64_t most_states_waiting = 16u << 20;
constexpr std::size_t short_history = 256;
constexpr Duration note_clock_every = 500ms;  // an idle broker ends a turn each second

StoredItem stored_item(ItemId id, const log::ItemRow& row, const log::StateRow* state,
                       const log::StorageClock& clock, Time now) {
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

}  // namespace

log::UnixMs wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<UnixMs>(std::max<std::int64_t>(duration_cast<milliseconds>(since).count(), 0));
}

LogStorage::LogStorage(log::CommitLog& log, LogStorageOptions options)
    : log_(log), options_(std::move(options)) {
  open_.ticket = 1;
}

LogStorage::~LogStorage() { end(); }

LogStorage::Written LogStorage::end() {
  log::CommitLog::End end;
  if (leads_ && !std::exchange(ended_, true)) {
    note_clock_at_ = {};
    note_clock(options_.now());
    if (turn_over_ && !open_.empty() && !failure()) submit();
    end = log_.end();
    note_written(end.puts);
  }
  Written result{failure() == nullptr, items_put_, end.items, 0};
  for (const auto& segment : unwritten_) result.missing += segment->live();
  return result;
}

void LogStorage::load(RestoreTarget& target, BrokerInstance broker_instance, Time now) {
  clock_.emplace(log_.last_clock(), options_.wall(), now);
  log::CommitLog::Reader reader;
  reader.superblock = [&](const log::Superblock& superblock) {
    const auto first = first_id(broker_instance, superblock.broker_instance, superblock.last);
    open_.last = {first.value -
                  1};  // all ids of this process are higher, whatever of them is ever written
    target.begin(superblock.broker_instance, first);
  };
  reader.queue = [&](std::uint64_t index, std::string_view name) {
    target.queue(static_cast<std::uint32_t>(index), name);
    know_queue(index);
  };
  reader.producer = [&](std::uint64_t index, const log::ProducerRow& row) {
    target.producer({static_cast<std::uint32_t>(index), row.name, row.named, row.closed,
                     row.received, row.done, row.dead, row.digests, row.undigested});
  };
  reader.item = [&](std::uint64_t id, const log::ItemRow& row, const log::StateRow* state) {
    ++items_;
    if (state) failed_.insert(id);
    target.item(stored_item({id}, row, state, *clock_, now));
  };
  log_.read(reader);
  // Before anything is delivered: a consumer that holds an item when this process ends names its
  // broker instance, even if nothing else was written by then.
  log_.lead(broker_instance, open_.last);
  leads_ = true;
}

// --- calls of the core ---------------------------------------------------------------------------

/// nullptr if the body is only on disk.
log::Segment* LogStorage::segment_of(ItemId id) {
  if (recent_ && recent_->contains(id)) return recent_;
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), id,
      [](ItemId item, const SegmentPtr& segment) { return item < segment->first(); });
  if (after == segments_.begin()) return nullptr;
  const auto& segment = *std::prev(after);
  return segment->contains(id) ? recent_ = segment.get() : nullptr;
}

LogStorage::Segments::iterator LogStorage::forget(Segments::iterator at) {
  recent_ = nullptr;
  return segments_.erase(at);
}

log::Segment& LogStorage::open_segment(ItemId id) {
  if (!open_.puts.empty()) {
    auto& last = *segments_.back();
    if (in_open_batch(last) && last.end() == id && last.has_room()) return last;
  }
  segments_.push_back(std::make_shared<log::Segment>(id, open_.ticket));
  unwritten_.push_back(segments_.back());
  open_.puts.push_back({segments_.back(), {}});
  return *segments_.back();
}

log::Delay LogStorage::delay_of(const StoredItem& item) const {
  return item.delay_ms == 0 ? log::Delay{} : clock_->delay(item.delay_ms, options_.now());
}

void LogStorage::put(const StoredItem& item, const Names& names, std::string_view body) {
  turn_over_ = false;
  ++items_;
  ++items_put_;
  open_.last = item.id;
  if (item.queue >= queues_known_.size() || !queues_known_[item.queue]) {
    auto& row = open_.queues[item.queue].emplace();
    log::append_queue(row, item.queue, names.queue);
    know_queue(item.queue);
  }
  open_segment(item.id).add(
      {item.queue, item.producer, item.priority, item.number, delay_of(item), body, item.again});
}

std::string_view LogStorage::body(ItemId id) {
  const auto* segment = segment_of(id);
  if (!segment) return log_.body(id);
  log::ItemRow row;
  if (!log::read_item(id.value, segment->row(id), row)) fail_in_memory();
  return row.body;
}

std::string_view LogStorage::part(ItemId id, std::uint64_t offset, std::size_t size,
                                  std::uint32_t& check) {
  const auto* segment = segment_of(id);
  if (!segment) return log_.part(id, offset, size, check);
  std::string_view bytes;
  if (!log::read_item_part(id.value, segment->row(id), offset, size, check, bytes))
    fail_in_memory();
  return bytes;
}

void LogStorage::fail_in_memory() {
  damage_ = {false, "a body in memory is damaged: a fault of this machine's memory, as a rule"};
}

/// While failures come faster than the disk writes, waiting histories are cut.
void LogStorage::update(const StoredItem& item, const std::vector<FailureRecord>& all) {
  turn_over_ = false;
  auto history = all;
  if (states_.bytes() > most_states_waiting) keep_last(history, short_history);
  log::StateRow state{item.failures, item.dead, item.suspect, delay_of(item), item.deliveries, {}};
  for (const auto& failure : history)
    state.history.push_back({clock_->at(failure.at), failure.consumer, failure.why});
  auto& row = open_.states[item.id.value].emplace();
  log::append_state(row, item.id.value, state);
  states_.note(row.size());
  failed_.insert(item.id.value);
}

/// The last state written for the item: in this turn, in a batch on its way to the disk, or
/// earlier.
log::StateRow LogStorage::state_of(ItemId id) {
  const auto open = open_.states.find(id.value);
  const auto* row =
      open != open_.states.end() && open->second ? &*open->second : states_.find(id.value);
  log::StateRow state;
  if (row && log::read_state(id.value, *row, state)) return state;
  return log_.state(id);
}

std::vector<FailureRecord> LogStorage::history(ItemId id) {
  std::vector<FailureRecord> history;
  if (!failed_.contains(id.value)) return history;
  const auto now = options_.now();
  for (auto& failure : state_of(id).history)
    history.push_back(
        {std::move(failure.consumer), std::move(failure.why), clock_->from(failure.at, now)});
  return history;
}

void LogStorage::erase(ItemId id) {
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

void LogStorage::save(const StoredProducer& producer) {
  turn_over_ = false;
  auto& row = open_.producers[producer.index].emplace();
  log::append_producer(row, producer.index,
                       {producer.name, producer.named, producer.closed, producer.received,
                        producer.done, producer.dead, producer.digests});
}

/// Also called between turns: it has no items any more, and these were settled in earlier turns.
void LogStorage::forget_producer(std::uint32_t index) { open_.producers[index] = std::nullopt; }

/// Its items' rows are deleted in this batch at the latest: the next queue with its index comes
/// later, or in the same transaction.
void LogStorage::forget_queue(std::uint32_t index) {
  open_.queues[index] = std::nullopt;
  queues_known_[index] = false;
}

void LogStorage::know_queue(std::uint64_t index) {
  if (index >= queues_known_.size()) queues_known_.resize(index + 1);
  queues_known_[index] = true;
}

// --- turns ---------------------------------------------------------------------------------------

Ticket LogStorage::commit() {
  log_.end_reading();
  turn_over_ = true;
  note_clock(options_.now());
  if (open_.empty()) return open_.ticket - 1;
  const auto ticket = open_.ticket;
  if (log_.idle() && !failure()) submit();
  return ticket;
}

/// Called at the end of each turn; acts at most twice a second.
void LogStorage::note_clock(Time now) {
  if (now < note_clock_at_) return;
  note_clock_at_ = now + note_clock_every;
  log_.note_clock(clock_->look(options_.wall(), now));
}

void LogStorage::submit() {
  for (auto& [segment, skip] : open_.puts) skip = segment->gone();
  const auto last = open_.last;
  const auto ticket = open_.ticket;
  states_.submit(ticket, open_.states);
  log_.append(std::move(open_));
  open_ = {};
  open_.ticket = ticket + 1;
  open_.last = last;
}

Storage::Durable LogStorage::durable() {
  auto durable = log_.durable();
  note_written(durable.puts);
  states_.written(durable.settles);
  return durable;
}

void LogStorage::note_written(Ticket durable) {
  for (; !unwritten_.empty() && unwritten_.front()->ticket() <= durable; unwritten_.pop_front())
    written(*unwritten_.front());
}

/// Keeps the segment in memory while there is room: items that have waited longest stay, later ones
/// are read from disk when needed.
void LogStorage::written(log::Segment& segment) {
  segment.shrink();
  if (segment.live() > 0) {
    segment.on_disk = true;
    memory_of_bodies_ += segment.memory();
  } else {
    drop(segment.first());
  }
  // The newest are dropped first. The table grows with the backlog, and leaves less for bodies.
  for (auto at = segments_.end();
       at != segments_.begin() && memory_of_bodies_ > memory_for_bodies();) {
    if (!(*--at)->on_disk) continue;
    memory_of_bodies_ -= (*at)->memory();
    at = forget(at);
  }
}

void LogStorage::drop(ItemId first) {
  const auto at =
      std::lower_bound(segments_.begin(), segments_.end(), first,
                       [](const SegmentPtr& one, ItemId id) { return one->first() < id; });
  if (at != segments_.end() && (*at)->first() == first) forget(at);
}

std::uint64_t LogStorage::memory_for_bodies() const {
  const auto table = items_ * bytes_per_item;
  return std::max(least_for_bodies, options_.max_memory > table ? options_.max_memory - table : 0);
}

}  // namespace baton::internal::broker
