// The items a user of a consumer holds, and what to reclaim of them when a session is lost.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "consumer/given_marks.hpp"
#include "consumer/item_set.hpp"
#include "proto/delivery_entries.hpp"
#include "proto/ids.hpp"
#include "proto/settlement.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Items held or settled by this consumer that belong to another one.
struct Losses {
  static constexpr std::size_t most = 1000;

  struct Item {
    ItemId id;
    bool settled = false;  ///< otherwise it was in hand
  };
  std::vector<Item> items;    ///< the first ones
  std::uint64_t dropped = 0;  ///< how many did not fit
};

/// `control`: the session's control stream with everything settled so far.
class Holdings {
 public:
  /// The number of the last take, from 1. It distinguishes two takes of the same item, which may be
  /// lost and delivered to us again.
  std::uint64_t last_tag() const { return tags_; }
  bool contains(ItemId id) const { return held_.contains(id); }
  bool contains(ItemId id, std::uint64_t tag) const {
    return held_.contains(id) && held_.tag_of(id) == tag;
  }
  std::size_t size() const { return held_.size(); }
  std::vector<ItemId> ids() const { return held_.ids(); }

  void take(const Delivery& delivery) {
    if (!held_.insert(delivery.id, ++tags_)) {
      // It was delivered again before the broker's notice that it was lost.
      held_.erase(delivery.id);
      held_.insert(delivery.id, tags_);
    }
    if (!lost_.empty()) lost_.erase(delivery.id.value);
    marks_.note(delivery.id, {delivery.deliveries, delivery.put});
  }
  /// Time for forget(): much of what is remembered was settled long ago.
  bool remembers_much() const { return marks_.is_full(); }
  void forget(const StreamSender& control);

  /// False, without effect: the item is not held, or not by that take (0: any).
  bool settle(const Settlement& settlement, std::uint64_t tag, const StreamSender& control) {
    if (!held_.erase(settlement.id, tag)) return false;
    if (settlement.kind == Settlement::Kind::done) marks_.settle(settlement.id);
    if (settlement.kind == Settlement::Kind::failed) note_failed(settlement.id, control);
    return true;
  }

  /// A session was welcomed: items held now were reclaimed, items taken later are delivered.
  void welcomed() { reclaimed_tags_ = tags_; }
  /// A reclaimed item belongs to another consumer. It may have been delivered again since.
  void lose(ItemId id);
  Losses take_losses() { return std::exchange(losses_, {}); }
  bool has_losses() const { return !losses_.items.empty(); }

  /// Items to reclaim: those held, and those settled without confirmation, which requires holding
  /// them. The same for all hellos of a session, as they state the number.
  const Reclaims& reclaims(const SessionId& session, const StreamSender& control);

 private:
  void note_failed(ItemId id, const StreamSender& control);
  void note_loss(ItemId id, bool settled);

  ItemSet held_;
  std::uint64_t tags_ = 0, reclaimed_tags_ = 0;
  GivenMarks marks_;  // of held items, and some settled ones
  // Settled without confirmation, but lost: not reclaimed again.
  std::unordered_set<std::uint64_t> lost_;
  Losses losses_;      // not reported yet
  Reclaims reclaims_;  // of session reclaims_of_
  SessionId reclaims_of_;
};

}  // namespace baton::internal
