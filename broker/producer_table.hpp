// All producers that the broker knows, by name and by number, and what the storage is to be told of
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/dead_notices.hpp"
#include "broker/session.hpp"
#include "broker/slots.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

class ProducerTable {
 public:
  /// Both must outlive the table.
  ProducerTable(const CoreSettings& settings, Storage& storage)
      : storage_(storage), notices_(settings) {}

  Producer* find(const std::string& name) const;
  /// The one of that number, unless it was forgotten since it had that serial.
  Producer* find(std::uint32_t index, std::uint64_t serial) const;
  Producer* find(std::uint32_t index) const { return slots_.find(index); }
  Producer& operator[](std::uint32_t index) const { return slots_[index]; }
  Producer& at(std::uint32_t index) const { return slots_.at(index); }
  std::size_t size() const { return by_name_.size(); }
  /// Numbers are below.
  std::uint32_t end() const { return slots_.size(); }

  /// A new one. Valid until it is forgotten.
  Producer& add(const std::string& name);
  Producer& restore(const StoredProducer& stored);
  /// The storage is to be told of it.
  void note_changed(Producer& producer);
  /// Forgets it when it has closed, has no name that the user gave, and no item left.
  void forget_if_settled(Producer& producer);
  /// Forgets those, too, that were lost long ago; looks at some of them.
  void forget_lost(Time now);

  /// What they are told of their dead items.
  DeadNotices& notices() { return notices_; }
  const DeadNotices& notices() const { return notices_; }

  /// Tells the storage what has changed in this turn.
  void save();
  /// Counts what is settled and durable. `turn` is the one that has just been given to the storage.
  /// Returns those who wait for the end of their items, which has come. Valid until the next call.
  const std::vector<Producer*>& stored(Ticket turn, Ticket durable);

 private:
  Producer& make(const std::string& name);
  void forget(Producer& producer);
  bool counts_stored(Producer& producer, Ticket turn, Ticket durable);

  Storage& storage_;
  std::unordered_map<std::string, std::unique_ptr<Producer>> by_name_;
  Slots<Producer> slots_;
  std::uint64_t made_ = 0;
  std::uint32_t next_look_ = 0;          // where forget_lost() goes on
  std::vector<std::uint32_t> changed_;   // in this turn
  std::vector<std::uint32_t> unstored_;  // some may be forgotten by now, or be here twice
  std::vector<Producer*> settled_;
  DeadNotices notices_;
};

}  // namespace baton::internal::broker
