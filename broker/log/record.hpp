// The rows of the data directory as bytes: FORMAT.md is their specification; the two change
// together.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "broker/log/storage_clock.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker::log {

inline constexpr std::uint32_t format = 2;  ///< that is written; format 1 is read, too

struct ItemRow {
  std::uint32_t queue = 0;
  std::uint32_t producer = 0;
  std::uint8_t priority = 0;
  SeqNo number;
  Delay delay;
  std::string_view body;
  /// Not 0: it was put again after the end of a broker, under this key of its producer.
  std::uint64_t again = 0;

  bool operator==(const ItemRow&) const = default;
};

struct StateRow {
  struct FailureRow {
    UnixMs at = 0;
    std::string consumer;
    std::string why;

    bool operator==(const FailureRow&) const = default;
  };
  std::uint16_t failures = 0;
  bool dead = false;
  bool suspect = false;  ///< it has once cost its holder's life
  Delay delay;
  std::uint32_t deliveries = 0;     ///< how often it went out
  std::vector<FailureRow> history;  ///< the last ones, 255 at most

  bool operator==(const StateRow&) const = default;
};

struct ProducerRow {
  std::string_view name;
  bool named = false;
  bool closed = false;
  SeqNo received;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  std::string_view digests;      ///< who put last, and of what it put: 1 KiB at most
  std::uint64_t undigested = 0;  ///< items of its input; only of a row of format 1

  bool operator==(const ProducerRow&) const = default;
};

struct Superblock {
  std::uint32_t format = log::format;
  BrokerInstance broker_instance;
  std::uint64_t items = 0;
  std::uint64_t states = 0;
  ItemId last;

  bool operator==(const Superblock&) const = default;
};

// Each appends the value of the row with that key.
void append_item(std::string& out, std::uint64_t key, const ItemRow& row);
void append_state(std::string& out, std::uint64_t key, const StateRow& row);
void append_queue(std::string& out, std::uint64_t key, std::string_view name);
void append_producer(std::string& out, std::uint64_t key, const ProducerRow& row);
void append_superblock(std::string& out, std::uint64_t key, const Superblock& superblock);

/// `size` bytes of an item's body, from `offset` on. Read from the beginning to the end: `check` is
/// what the parts before have left there, 0 before the first. False when the row is too short; with
/// the last part, when its CRC does not fit.
bool read_item_part(std::uint64_t key, std::string_view value, std::uint64_t offset,
                    std::size_t size, std::uint32_t& check, std::string_view& part);

// Each false when the value is damaged: too short, or its CRC does not fit. Views point into
// `value`. Rows of format 1 say so themselves: they may lie among later ones.
bool read_item(std::uint64_t key, std::string_view value, ItemRow& row);
bool read_state(std::uint64_t key, std::string_view value, StateRow& row);
bool read_queue(std::uint64_t key, std::string_view value, std::string_view& name);
bool read_producer(std::uint64_t key, std::string_view value, ProducerRow& row);
bool read_superblock(std::uint64_t key, std::string_view value, Superblock& superblock);

}  // namespace baton::internal::broker::log
