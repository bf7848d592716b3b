// Puts that a broker before this one delivered before they were kept: who holds them, and which of
// them are here again.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/failure_record.hpp"
#include "proto/message.hpp"

namespace baton::internal::broker {

struct Session;

/// While reclaims are waited for. Invariant: a put is reclaimed or here, not both.
class PutReclaims {
 public:
  struct Reclaim {
    enum class Settled : std::uint8_t { nothing, done, failed };
    /// Whose reclaim it is; of what it has settled nullptr once it is over.
    Session* session = nullptr;
    ItemId id;  ///< as that client calls it
    std::uint32_t deliveries = 1;
    Settled settled = Settled::nothing;  ///< ... of it, though it is not here yet
    FailureRecord failure;               ///< if failed
    std::uint32_t delay_ms = 0;
    /// Of those that had it under lower counts, and said that it failed.
    std::vector<Reclaim> before = {};
  };

  bool empty() const { return reclaims_.empty() && called_.empty(); }
  /// Something is here that may be reclaimed yet.
  bool may_be_reclaimed() const { return !here_.empty(); }

  // Of what is not here yet.
  std::size_t size() const { return reclaims_.size(); }
  Reclaim* find(const PutName& put);
  Reclaim* find(ItemId id, PutName& put);
  void add(const PutName& put, Reclaim reclaim);
  std::optional<Reclaim> take(const PutName& put);
  /// The reclaimer has given it back: the reclaim before it holds again.
  void give_back(const PutName& put);

  // Of what is here.
  void note(const PutName& put, ItemId id) { here_[put] = id; }
  ItemId here(const PutName& put) const;  ///< 0: it is not

  // What a client calls an item that has another id here.
  void call(ItemId as, ItemId id) { called_[as.value] = id, calls_[id.value] = as; }
  ItemId called(ItemId as) const;  ///< `as` itself, if it is nothing else
  ItemId name_of(ItemId id) const;
  void forget_name(ItemId id);

  /// Calls each(put, reclaim) for all that is not here; then nothing is reclaimed or may be. Names
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
  std::unordered_map<std::uint64_t, PutName>
      ids_;  // of these, by the id that the client has for it
  std::unordered_map<PutName, ItemId, Hash> here_;
  std::unordered_map<std::uint64_t, ItemId> called_, calls_;
};

}  // namespace baton::internal::broker
