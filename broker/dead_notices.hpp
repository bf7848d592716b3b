// What producers are told by name of their dead items: each of so many, all of them together within
// a bound. Of more they are told how many there are.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "proto/registry.hpp"

namespace baton::internal::broker {

/// A producer that is away has what it has not heard of waiting for it. When there is no room left,
/// that of the one goes that is away for longest.
class DeadNotices {
 public:
  /// The settings must outlive it.
  explicit DeadNotices(const CoreSettings& settings) : settings_(settings) {}

  /// Whether the producer is told of one more by name.
  bool may_tell(const Producer& producer) const;
  void tell(Producer& producer, EntryKind kind, std::string_view notice);
  /// It has heard of all up to `number`.
  void heard(Producer& producer, SeqNo number, Time now);

  /// Its session begins, or ends.
  void comes(Producer& producer);
  void goes(Producer& producer);
  void forget(Producer& producer);

  /// Of all notices that were not heard of.
  std::uint64_t bytes() const { return bytes_; }
  /// Dead items of which nobody is told by name, since this broker began.
  std::uint64_t only_counted() const { return only_counted_; }
  void count_only() { ++only_counted_; }

 private:
  void make_room();

  const CoreSettings& settings_;
  std::uint64_t bytes_ = 0, only_counted_ = 0, went_ = 0;
  std::map<std::uint64_t, Producer*> away_;  // with notices, by Producer::away: longest first
};

}  // namespace baton::internal::broker
