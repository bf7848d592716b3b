// Notices to producers that name their dead items: a limited number for each producer, a limited
// size for all. Further dead items are only counted.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "proto/registry.hpp"

namespace baton::internal::broker {

/// Notices for a producer that is away wait for it. When there is no room, those of the producer
/// that has been away longest are dropped.
class DeadNotices {
 public:
  /// The settings must outlive it.
  explicit DeadNotices(const CoreSettings& settings) : settings_(settings) {}

  /// Whether there is room for one more notice to the producer.
  bool may_tell(const Producer& producer) const;
  void tell(Producer& producer, EntryKind kind, std::string_view notice);
  /// The producer has received all notices up to `number`.
  void heard(Producer& producer, SeqNo number, Time now);

  /// Its session begins / ends.
  void comes(Producer& producer);
  void goes(Producer& producer);
  void forget(Producer& producer);

  /// Bytes of all notices not received yet.
  std::uint64_t bytes() const { return bytes_; }
  /// Producers that are away and have notices waiting.
  std::size_t away() const { return away_.size(); }
  /// Dead items that were only counted, since this broker started.
  std::uint64_t only_counted() const { return only_counted_; }
  void count_only() { ++only_counted_; }

 private:
  void make_room();

  const CoreSettings& settings_;
  std::uint64_t bytes_ = 0, only_counted_ = 0, went_ = 0;
  std::map<std::uint64_t, Producer*> away_;  // those with notices, by Producer::away: longest first
};

}  // namespace baton::internal::broker
