// Items that the previous broker delivered before they were stored: which session holds them, and
// which were put again already.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/failure_record.hpp"
#include "proto/message.hpp"
#include "proto/settlement.hpp"

namespace baton::internal::broker {

struct Session;

/// Used during the reclaim window. Invariant: a put is either reclaimed or here, not both.
class PutReclaims {
 public:
  struct Reclaim {
    /// The session that reclaims it; nullptr once that is over, if it was settled.
    Session* session = nullptr;
    ItemId id;  ///< as that client knows it
    std::uint32_t deliveries = 1;
    /// Settled already, though it was not put again yet: done or failed.
    std::optional<Settlement::Kind> settled = {};
    FailureRecord failure = {};  ///< if failed; its time is when the put comes
    std::uint32_t delay_ms = 0;
    /// Of earlier holders, with lower delivery counts, that reported a failure.
    std::vector<Reclaim> before = {};
  };

  bool empty() const { return reclaims_.empty() && called_.empty(); }
  /// Some item that was put again may still be reclaimed.
  bool may_be_reclaimed() const { return !here_.empty(); }

  // Puts that are not here yet.
  std::size_t size() const { return reclaims_.size(); }
  Reclaim* find(const PutName& put);
  Reclaim* find(ItemId id, PutName& put);
  void add(const PutName& put, Reclaim reclaim);
  std::optional<Reclaim> take(const PutName& put);
  /// The reclaiming session has given it back: the reclaim before it counts again.
  void give_back(const PutName& put);

  // Puts that are here again.
  void note(const PutName& put, ItemId id) { here_[put] = id; }
  ItemId here(const PutName& put) const;  ///< 0: not here

  // Clients' ids of items that have another id here.
  void call(ItemId as, ItemId id) { called_[as.value] = id, calls_[id.value] = as; }
  ItemId called(ItemId as) const;  ///< `as` itself, if the item has no other id here
  ItemId name_of(ItemId id) const;
  void forget_name(ItemId id);

  /// Calls each(put, reclaim) for all puts that are not here, then ends all reclaims. Clients' ids
  /// stay.
  template <class Each>
  void end(Each each) {
    for (auto& [put, reclaim] : reclaims_) each(put, reclaim);
    reclaims_.clear();
    ids_.clear();
    here_.clear();
  }

 private:
  struct Hash {
    std::size_t operator()(const PutName& put) const {
      return static_cast<std::size_t>((put.producer ^ (put.number.value * 0x9e3779b97f4a7c15u)) *
                                      0xff51afd7ed558ccdu);
    }
  };
  std::unordered_map<PutName, Reclaim, Hash> reclaims_;
  std::unordered_map<std::uint64_t, PutName> ids_;  // of reclaims_, by the client's id
  std::unordered_map<PutName, ItemId, Hash> here_;
  std::unordered_map<std::uint64_t, ItemId> called_, calls_;
};

}  // namespace baton::internal::broker
