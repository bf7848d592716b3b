// Encoding of the rows in the data directory, specified in FORMAT.md: change both together.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "broker/log/storage_clock.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker::log {

inline constexpr std::uint32_t format = 2;  ///< written; format 1 can be read, too

struct ItemRow {
  std::uint32_t queue = 0;
  std::uint32_t producer = 0;
  std::uint8_t priority = 0;
  SeqNo number;
  Delay delay;
  std::string_view body;
  /// If not 0: it was put again after a broker ended, under this key of its producer.
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
  bool suspect = false;  ///< it may have killed its holder
  Delay delay;
  std::uint32_t deliveries = 0;     ///< how often it was delivered
  std::vector<FailureRow> history;  ///< the last failures, at most 255

  bool operator==(const StateRow&) const = default;
};

struct ProducerRow {
  std::string_view name;
  bool named = false;
  bool closed = false;
  SeqNo received;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  std::string_view digests;  ///< the process that put last, and digests of its input; at most 1 KiB
  std::uint64_t undigested = 0;  ///< items of its input; only in a row of format 1

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

/// `size` bytes of an item's body, from `offset`. A body is read from beginning to end: `check` is
/// 0 before the first part, and what the part before has left there later. Returns false if the row
/// is too short, and at the last part if its CRC is wrong.
bool read_item_part(std::uint64_t key, std::string_view value, std::uint64_t offset,
                    std::size_t size, std::uint32_t& check, std::string_view& part);

// Each returns false if the value is damaged: too short, or with a wrong CRC. Views point into
// `value`. Rows of format 1 are marked as such; they may lie among later ones.
bool read_item(std::uint64_t key, std::string_view value, ItemRow& row);
bool read_state(std::uint64_t key, std::string_view value, StateRow& row);
bool read_queue(std::uint64_t key, std::string_view value, std::string_view& name);
bool read_producer(std::uint64_t key, std::string_view value, ProducerRow& row);
bool read_superblock(std::uint64_t key, std::string_view value, Superblock& superblock);

}  // namespace baton::internal::broker::log
