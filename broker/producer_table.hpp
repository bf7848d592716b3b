// All producers that the broker knows, by name and by number, and changes for the storage.
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
  /// The producer with that number, unless it was forgotten since it had that serial.
  Producer* find(std::uint32_t index, std::uint64_t serial) const;
  Producer* find(std::uint32_t index) const { return slots_.find(index); }
  Producer& operator[](std::uint32_t index) const { return slots_[index]; }
  Producer& at(std::uint32_t index) const { return slots_.at(index); }
  std::size_t size() const { return by_name_.size(); }
  /// All numbers are below it.
  std::uint32_t end() const { return slots_.size(); }

  /// Adds a producer. The reference is valid until it is forgotten.
  Producer& add(const std::string& name);
  Producer& restore(const StoredProducer& stored);
  /// The storage must be told of its change.
  void note_changed(Producer& producer);
  /// Forgets it if it has closed, has no user-given name and no items left.
  void forget_if_settled(Producer& producer);
  /// Forgets also producers lost long ago; examines some of them per call.
  void forget_lost(Time now);

  /// Notices of dead items.
  DeadNotices& notices() { return notices_; }
  const DeadNotices& notices() const { return notices_; }

  /// Tells the storage what has changed in this turn.
  void save();
  /// Counts what is settled and durable. `turn` is the ticket just given to the storage. Returns
  /// the producers that waited for the end of their items, now reached. Valid until the next call.
  const std::vector<Producer*>& stored(Ticket turn, Ticket durable);

 private:
  Producer& make(const std::string& name);
  void forget(Producer& producer);
  bool counts_stored(Producer& producer, Ticket turn, Ticket durable);

  Storage& storage_;
  std::unordered_map<std::string, std::unique_ptr<Producer>> by_name_;
  Slots<Producer> slots_;
  std::uint64_t made_ = 0;
  std::uint32_t next_look_ = 0;          // where forget_lost() continues
  std::vector<std::uint32_t> changed_;   // in this turn
  std::vector<std::uint32_t> unstored_;  // some may be forgotten already, or listed twice
  std::vector<Producer*> settled_;
  DeadNotices notices_;
};

}  // namespace baton::internal::broker
