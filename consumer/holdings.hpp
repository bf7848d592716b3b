// What the user of a consumer holds, and what of it is to be reclaimed when a session is lost.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "consumer/given_marks.hpp"
#include "consumer/item_set.hpp"
#include "proto/delivery_entries.hpp"
#include "proto/ids.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Items that are another's though this consumer held them, or has settled them.
struct Losses {
  static constexpr std::size_t most = 1000;

  struct Item {
    ItemId id;
    bool settled = false;  ///< else it was in hand
  };
  std::vector<Item> items;    ///< the first ones
  std::uint64_t dropped = 0;  ///< the number of those that did not fit
};

/// `control`: the session's control stream, with all that was settled so far.
class Holdings {
 public:
  /// The number of the last take, from 1. It tells an item from the same one that is taken later:
  /// when this one was lost and given to us again.
  std::uint64_t last_tag() const { return tags_; }
  bool contains(ItemId id) const { return held_.contains(id); }
  bool contains(ItemId id, std::uint64_t tag) const {
    return held_.contains(id) && held_.tag_of(id) == tag;
  }
  std::size_t size() const { return held_.size(); }
  std::vector<ItemId> ids() const { return held_.ids(); }

  void take(const Delivery& delivery) {
    if (!held_.insert(delivery.id, ++tags_)) {
      // It was given again before the broker's word came that it was lost.
      held_.erase(delivery.id);
      held_.insert(delivery.id, tags_);
    }
    if (!lost_.empty()) lost_.erase(delivery.id.value);
    marks_.note(delivery.id, {delivery.deliveries, delivery.put});
  }
  /// Time to forget(): much of what is remembered is settled long since.
  bool remembers_much() const { return marks_.is_full(); }
  void forget(const StreamSender& control);

  // False, and nothing done: it is not held, or not by that take (0: any).
  bool ack(ItemId id, std::uint64_t tag) {
    if (!held_.erase(id, tag)) return false;
    marks_.settle(id);
    return true;
  }
  bool release(ItemId id, std::uint64_t tag) { return held_.erase(id, tag); }
  bool fail(ItemId id, std::uint64_t tag, const StreamSender& control);

  /// A session was welcomed: what is held by now was reclaimed, what is taken later is given.
  void welcomed() { reclaimed_tags_ = tags_; }
  /// What was reclaimed is another's. It may have come in again since, by a new delivery.
  void lose(ItemId id);
  Losses take_losses() { return std::exchange(losses_, {}); }
  bool has_losses() const { return !losses_.items.empty(); }

  /// What is held, and what was settled unheard: for that, too, we must be the holder. The same for
  /// all hellos of a session, for they say how much it is.
  const Reclaims& reclaims(const SessionId& session, const StreamSender& control);

 private:
  void note_loss(ItemId id, bool settled);

  ItemSet held_;
  std::uint64_t tags_ = 0, reclaimed_tags_ = 0;
  GivenMarks marks_;  // of what is held, and some of what is settled
  std::unordered_set<std::uint64_t>
      lost_;       // of what is settled, unheard: it was another's, so it is not reclaimed again
  Losses losses_;  // that nobody was told of
  Reclaims reclaims_;  // of the session `reclaims_of_`
  SessionId reclaims_of_;
};

}  // namespace baton::internal
