// The broker's tables, shared by the classes that keep them.
#pragma once

#include "broker/items.hpp"
#include "broker/producer_table.hpp"
#include "broker/queue_table.hpp"
#include "broker/redeliveries.hpp"
#include "broker/storage.hpp"
#include "broker/unstored_puts.hpp"

namespace baton::internal::broker {

struct Books {
  Books(const CoreSettings& settings, Storage& storage) : producers(settings, storage) {}

  Items items;
  QueueTable queues;
  ProducerTable producers;
  Redeliveries redeliveries;
  UnstoredPuts unstored_puts;

  Queue& queue_of(const QueuedItem& item) const { return queues[item.queue]; }
  Producer& producer_of(const QueuedItem& item) const { return producers[item.producer]; }
  /// Names an item that may not be stored yet, so that its holder can reclaim it from the next
  /// broker instance.
  PutName put_name(const QueuedItem& item, ItemId id) const {
    if (unstored_puts.empty()) return {};
    const auto number = unstored_puts.number(id);
    return number == SeqNo{} ? PutName{} : PutName{producer_of(item).key, number};
  }
};

}  // namespace baton::internal::broker
