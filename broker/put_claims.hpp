// Puts that a broker before this one delivered before they were kept: who holds them, and which of
// them are here again.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/failure_record.hpp"
#include "proto/message.hpp"

namespace baton::broker {

struct Session;

/// While claims are waited for. Invariant: a put is claimed or here, not both.
class PutClaims {
 public:
  struct Claim {
    enum class Settled : std::uint8_t { nothing, done, failed };
    /// Whose claim it is; of what it has settled nullptr once it is over.
    Session* session = nullptr;
    ItemId id;  ///< as that client calls it
    std::uint32_t deliveries = 1;
    Settled settled = Settled::nothing;  ///< ... of it, though it is not here yet
    FailureRecord failure;               ///< if failed
    std::uint32_t delay_ms = 0;
    /// Of those that had it under lower counts, and said that it failed.
    std::vector<Claim> before = {};
  };

  bool empty() const { return claims_.empty() && called_.empty(); }
  /// Something is here that may be claimed yet.
  bool may_be_claimed() const { return !here_.empty(); }

  // Of what is not here yet.
  std::size_t size() const { return claims_.size(); }
  Claim* find(const PutName& put);
  Claim* find(ItemId id, PutName& put);
  void add(const PutName& put, Claim claim);
  std::optional<Claim> take(const PutName& put);
  /// The claimant has given it back: the claim before it holds again.
  void give_back(const PutName& put);

  // Of what is here.
  void note(const PutName& put, ItemId id) { here_[put] = id; }
  ItemId here(const PutName& put) const;  ///< 0: it is not

  // What a client calls an item that has another id here.
  void call(ItemId as, ItemId id) { called_[as.value] = id, calls_[id.value] = as; }
  ItemId called(ItemId as) const;  ///< `as` itself, if it is nothing else
  ItemId name_of(ItemId id) const;
  void forget_name(ItemId id);

  /// Calls each(put, claim) for all that is not here; then nothing is claimed or may be. Names
  /// stay.
  template <class Each>
  void end(Each each) {
    for (auto& [put, claim] : claims_) each(put, claim);
    claims_.clear();
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
  std::unordered_map<PutName, Claim, Hash> claims_;
  std::unordered_map<std::uint64_t, PutName>
      ids_;  // of these, by the id that the client has for it
  std::unordered_map<PutName, ItemId, Hash> here_;
  std::unordered_map<std::uint64_t, ItemId> called_, calls_;
};

}  // namespace baton::broker
