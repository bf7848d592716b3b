// The consumer's role: requests, links, settled items, and reclaims after a restart or a lost
// session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/effects.hpp"
#include "broker/queues.hpp"
#include "broker/role.hpp"
#include "broker/sessions.hpp"
#include "broker/settings.hpp"
#include "broker/system_end.hpp"

namespace baton::internal::broker {

inline constexpr const char* no_delivery_port = "no delivery port left for another consumer";

/// Pure, like the core.
class Consumers final : public RoleHandler {
 public:
  /// All must outlive it.
  Consumers(const CoreSettings& settings, Sessions& sessions, Queues& queues, SystemEnd& end,
            Effects& effects)
      : settings_(settings), sessions_(sessions), queues_(queues), end_(end), effects_(effects) {}

  // See Core.
  void link_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port);
  void link_failed(const SessionId& id, std::uint32_t generation, Time now);
  void link_unreached(const SessionId& id, std::uint16_t port);
  void open_links_again(Time now);
  Time links_again_at() const { return links_again_at_; }

  /// When the reclaim window is over, restored items go to consumers that request items.
  void judge_reclaims(Time now);
  /// When to call judge_reclaims() next.
  Time reclaim_until() const { return reclaim_until_; }
  /// Extends the reclaim window by a pause of the broker's process.
  void extend_deadlines(Duration pause);
  /// Ends sessions that reclaim many items they do not own and do not read the answers.
  void bound_untold(Time now);

  Refusal admit(const Hello& hello) override;
  void begin(Session& session, Time now) override;
  void heard(Session& session) override;
  void heartbeat(Session& session, const Heartbeat& heartbeat, Time now) override;
  void entry(const Peer& from, const Entry& entry, Time now) override;
  void close(const Peer& from) override;
  void end(Session& session, const std::string& why, Time now) override;
  bool has_time_for_ends() const override { return queues_.serving().may_take_back(); }
  /// What it has reclaimed in vain.
  StreamSender* feed(Session& session) override { return &session.consumer.feed; }
  void feed_heard(Session& session, SeqNo number, Time now) override {
    queues_.heard_lost(session, number, now);
  }
  void fill(Confirm& confirm, const Session& session) const override;
  void check_invariants(const Session& session) const override;

 private:
  // What it says.
  void reclaim(const Peer& from, const std::vector<Reclaim>& reclaims, Time now);
  void request(const Peer& from, const Request& request, Time now);
  void settle(const Peer& from, const Entry& entry, Time now);
  void link_lost(const Peer& from, const LinkLost& lost);

  static void note_unstored(const Peer& from);
  bool reclaims_are_under_way() const;
  bool not_held(Session& session, ItemId id, Time now);
  void open_link(Session& session);

  const CoreSettings& settings_;
  Sessions& sessions_;
  Queues& queues_;
  SystemEnd& end_;
  Effects& effects_;
  std::vector<Reclaim> reclaims_;  // of the current entry
  std::uint32_t not_held_ = 0;     // in the current message
  Time reclaim_until_ = never;     // while restored items wait for their former holders
  Time reclaim_at_latest_ = never;
  std::vector<SessionId> without_link_;  // sessions whose link broke when no port was left; served
                                         // before new consumers
  std::uint64_t unreached_ = 0;          // sessions whose link was not reached, logged or not
  Time links_again_at_ = never;          // when to try links again
};

}  // namespace baton::internal::broker
