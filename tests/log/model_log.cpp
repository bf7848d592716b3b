#include "tests/log/model_log.hpp"

#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal::broker::test {

void ModelLog::read(const Reader& reader) {
  reader.superblock(superblock_);
  for (const auto& [index, row] : queues_) {
    std::string_view name;
    ensure(log::read_queue(index, row, name));
    reader.queue(index, name);
  }
  for (const auto& [index, row] : producers_) {
    log::ProducerRow producer;
    ensure(log::read_producer(index, row, producer));
    reader.producer(index, producer);
  }
  for (const auto& [id, row] : items_) {
    log::ItemRow item;
    ensure(log::read_item(id, row, item));
    const auto state = state_of({id});
    reader.item(id, item, state ? &*state : nullptr);
  }
}

void ModelLog::lead(BrokerInstance broker_instance, ItemId last) {
  leads_ = true;
  under_way_ = false;
  durable_ = {};
  failure_.reset();
  written_ = 0;
  pending_ = {};
  pending_.last = last;
  broker_instance_ = broker_instance;
  write_settles();
}

void ModelLog::append(log::Batch&& batch) {
  if (!leads_ || failure_) return;
  pending_.absorb(std::move(batch));
  under_way_ = true;
  appended();
}

void ModelLog::write(bool full) {
  under_way_ = false;
  if (failure_) return;
  if (!full) write_new_items();
  write_settles();
  durable_.settles = pending_.ticket;
  if (full) {
    durable_.held = "the disk is full";
    return;
  }
  durable_ = {pending_.ticket, pending_.ticket, {}};
  log::Batch written;
  written.ticket = pending_.ticket;
  written.last = pending_.last;
  pending_ = std::move(written);
}

void ModelLog::change(Rows& rows, const std::map<std::uint64_t, log::Change>& changes) {
  for (const auto& [key, row] : changes) {
    if (row)
      rows[key] = *row;
    else
      rows.erase(key);
  }
}

void ModelLog::write_new_items() {
  for (const auto& [segment, skip] : pending_.puts)
    for (std::uint64_t i = 0; i < skip.size(); ++i) {
      if (skip[i]) continue;
      const auto id = segment->first() + i;
      items_[id.value] = segment->row(id);
      ++written_;
    }
  change(queues_, pending_.queues);
  change(producers_, pending_.producers);
}

void ModelLog::write_settles() {
  for (const auto id : pending_.erased) items_.erase(id.value);
  change(states_, pending_.states);
  pending_.forget_settles();
  superblock_.broker_instance = broker_instance_;
  superblock_.last = pending_.last;
}

log::CommitLog::End ModelLog::end() {
  if (leads_ && under_way_) write(false);
  leads_ = false;
  return {durable_.puts, written_};
}

void ModelLog::crash() {
  leads_ = under_way_ = false;
  pending_ = {};
  durable_ = {};
}

std::string_view ModelLog::body(ItemId id) {
  log::ItemRow row;
  if (failure_) return {};
  ensure(log::read_item(id.value, items_.at(id.value), row));
  return row.body;
}

std::string_view ModelLog::part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& check) {
  std::string_view bytes;
  if (failure_) return {};
  ensure(log::read_item_part(id.value, items_.at(id.value), offset, size, check, bytes));
  return bytes;
}

std::optional<log::StateRow> ModelLog::state_of(ItemId id) const {
  const auto found = states_.find(id.value);
  if (found == states_.end()) return std::nullopt;
  log::StateRow state;
  ensure(log::read_state(id.value, found->second, state));
  return state;
}

log::StateRow ModelLog::state(ItemId id) {
  return failure_ ? log::StateRow{} : state_of(id).value();
}

}  // namespace baton::internal::broker::test
