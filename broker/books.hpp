// What is in the broker, and whose it is: what those share who keep its books.
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
  /// Of what may not be stored yet: its holder can name it to a broker after this one.
  PutName put_name(const QueuedItem& item, ItemId id) const {
    if (unstored_puts.empty()) return {};
    const auto number = unstored_puts.number(id);
    return number == SeqNo{} ? PutName{} : PutName{producer_of(item).key, number};
  }
};

}  // namespace baton::internal::broker
