// A naive model of one broker's life: where each item is, who holds it, who waits, who is alive. It
// hears what the storage is told and what goes over the wire, and objects when a promise is broken.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "proto/greeting.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/judge_holders.hpp"

namespace baton::internal::simulation {

/// What does not go wrong in a run, so that more must hold.
struct Peace {
  bool calm = false;         ///< nobody is lost: nothing fails but what its user failed
  bool only_poison = false;  ///< nobody is lost but who has poison in hand
  /// Connections do not break: a consumer that takes an item knows that it still holds it.
  bool trust = false;
  /// Nor does anybody stand still: what is sent arrives, so nothing is sent twice.
  bool lossless = false;
  bool prompt = false;  ///< the one that was a client of the broker before is soon one of the next,
                        ///< which can keep what it puts
};

inline std::string name(ItemId id) { return "item " + std::to_string(id.value); }

inline constexpr Duration eps = 1ms;
/// Between two turns of the broker: so much of a pause may pass for a nap.
inline constexpr Duration longest_nap = heartbeat_interval + eps;

class BrokerJudge {
 public:
  /// `before`: of the life before this one.
  struct Depth {
    std::uint64_t items = 0, bytes = 0;
  };
  BrokerJudge(World& world, PutJudge& puts, Life life, const broker::CoreSettings& settings,
              Peace peace, const BrokerJudge* before)
      : world_(world),
        puts_(puts),
        life_(life),
        settings_(settings),
        max_attempts_(settings.max_attempts),
        turn_work_(settings.turn_work),
        durable_(settings.durable),
        peace_(peace),
        before_(before) {}
  void begins(BrokerInstance broker_instance) { broker_instance_ = broker_instance; }
  BrokerInstance broker_instance() const { return broker_instance_; }
  Life life() const { return life_; }
  /// Asked while the broker reads: what it has delivered in this turn by now.
  void sees(std::function<std::set<ItemId>()> handed_off) { delivered_to_ = std::move(handed_off); }

  // What its disk has, when it keeps: the broker instance that was written last, and items of
  // earlier lives; and at any time the count of deliveries that lies on it for an item.
  using CountStored = std::function<std::uint32_t(ItemId)>;
  /// `is_kept`: whether an item lies on it.
  void loads(BrokerInstance before, CountStored count_stored,
             std::function<bool(ItemId)> is_stored);
  /// A notification that goes out, before sessions() is told who is gone.
  void refuses(std::string_view notification);
  /// What of a queue was put before, in an earlier life, and is put again.
  Depth again_of(const std::string& queue) const;
  /// Of each name, the last number that it has. Then: what the broker says, whether it takes
  /// reclaims, and delivers.
  void keeps_up_to(const std::string& producer, SeqNo received) {
    kept_up_to_[producer] = received;
  }
  void asks(std::function<bool()> takes_reclaims, std::function<bool()> delivers) {
    takes_reclaims_ = std::move(takes_reclaims);
    hands_off_ = std::move(delivers);
  }
  /// `astray`: how far its clock must be wrong, for what nobody could tell it.
  void kept(const broker::StoredItem& kept, const std::string& producer, SeqNo number,
            Duration astray);
  /// What was done is done for ever, whether it was confirmed or not.
  void ends_in_order();

  // The broker's storage.
  void stored(const broker::StoredItem& record, const broker::Names& names, std::string_view body);
  void updated(const broker::StoredItem& record);
  void erased(ItemId id);

  // What reaches the broker's sockets, read or not; and what the broker reads, before it acts on
  // it.
  void reaches(std::string_view frame);
  void subscription(const SessionId& topic, bool arrives);
  void reads(std::string_view frame);
  void stands_still(Time from, Time to) { pauses_.emplace_back(from, to); }

  // The end of a turn, in this order: who is known, links that could not be opened, welcomes, what
  // goes over links.
  using Knows = std::function<bool(const SessionId&)>;
  void link_failed(const SessionId& session);
  void link_opened(const SessionId& session, std::uint32_t generation);
  void sessions(const Knows& knows);
  void sends(std::string_view notification, const Knows& knows);
  void message_begins() { ++message_; }
  void delivery(const SessionId& session, std::uint32_t generation, SeqNo number,
                const Delivery& delivery, bool heard);
  void part(const SessionId& session, std::uint32_t generation, SeqNo number,
            std::string_view bytes);
  void none(const SessionId& session, std::uint32_t generation);
  /// `more`: the broker says that there is more to do at once.
  void turn_ends(const Knows& knows, bool more);
  /// Now and then, a turn or not: who is dead must not be held for alive for long.
  void look(const Knows& knows) const;

  // A consumer's user.
  void taken(const User& user, const SessionId& session, const Delivery& delivery,
             const std::string& queue);
  void acked(ItemId id);
  void failed(ItemId id);
  /// Its user's program ends without a word on it: it has failed.
  void forsaken(const SessionId& session, ItemId id) { forsaken_.emplace(session, id); }
  /// Its client left without an answer, as it may when the broker is silent: what is delivered to
  /// it meanwhile fails.
  void left_unheard(const SessionId& session) { left_unheard_.insert(session); }
  /// Items in the hands of users whose sessions stand at both ends: each in one.
  /// What a user has in hand, and who that is.
  struct Hand {
    std::string_view put, user;
    bool operator<(const Hand& other) const { return put < other.put; }
  };
  static void check_hands(std::vector<Hand>& hands);

  /// The put that an item is, the same in all lives; and what the item is here that a client calls
  /// so.
  std::string put_of(ItemId id) const;
  HolderJudge::What what(ItemId id) const {
    const auto& item = items_.at(id);
    return {item.number, item.put.body, item.run, item.stored};
  }
  ItemId called(ItemId as) const {
    const auto found = called_.find(as);
    return found == called_.end() ? as : found->second;
  }

  /// All work is done.
  void check_end() const;
  std::size_t items() const { return items_.size(); }
  std::uint64_t dead() const { return dead_; }

 private:
  enum class Place : std::uint8_t { waiting, delayed, held, returned, acked, done, dead };
  struct Item {
    std::string producer;
    SeqNo number;
    SessionId run;                 // the producer's process
    Time stored{};                 // ... in this life; not set for what an earlier one has kept
    bool again = false;            // put before, in an earlier life
    PutJudge::Put put;             // as it was: a name may put that number again
    Place place = Place::waiting;  // waiting: never delivered, or its delay is over
    Time due{};                    // not before
    bool late = false;             // it was delayed: its place in its queue is open
    SessionId holder{};
    std::uint32_t generation = 0;  // of the link it was given on
    SeqNo link_number;
    SeqNo link_end;                         // the number of its last part; 0 while that is not sent
    std::uint64_t returned_in = 0;          // a turn
    std::uint32_t failures = 0;             // as the storage knows
    std::uint32_t expected = 0;             // as they should be
    std::uint32_t user_fails = 0;           // said by users
    std::uint32_t deliveries = 1;           // as the storage was told
    std::uint32_t expected_deliveries = 1;  // as they should be
    SessionId lost_by{};                    // who lost it last, until it is given again
    bool lost_counted = false;              // ... and a failure was counted for it
    bool unsaid = false;                    // it came back without its holder's word
    std::uint64_t kept_in = 0;              // the turn in which that was first seen to be kept
    // A turn: by who reclaimed it, and may have settled it in the same message.
    std::uint64_t taken_up_in = 0;
    SessionId reclaimed_as{};  // the session of the last life as whose it was reclaimed
    bool delivered = false, acked_by_user = false;
    bool buried = false,
         dropped = false;         // as the storage was told: a dead letter, and no longer kept
    std::uint64_t buried_in = 0;  // the turn
    bool suspect = false;         // as the storage was told: it has once cost a holder's life
    // Where it waits for one: for who was given it after that by an earlier life.
    bool delay_may_be_over = false;
    bool taken = false;                 // its present holder's user has it
    bool kept = false;                  // from an earlier life
    bool ack_confirmed = false;         // the broker has said that the ack is kept
    std::uint32_t fails_confirmed = 0;  // likewise
    std::uint32_t most_failures = 0;    // as the storage was ever told
    /// What it was told, each time: one of these is what a later life finds.
    struct Delay {
      std::uint32_t failures;
      Time due;
      std::chrono::milliseconds asked;
    };
    std::vector<Delay> delays;
    void note_delay(const broker::StoredItem& record, Time now) {
      const std::chrono::milliseconds asked(record.delay_ms);
      delays.push_back({record.failures, now + asked, asked});
    }
  };
  /// A session that was welcomed and not yet lost.
  struct Standing {
    Role role{};
    Time since{};
    std::string process;  // what ends it ends all of its sessions
    SeqNo next{1};        // of the control stream
    std::uint32_t generation = 1;
    std::uint64_t requested = 0, answered = 0;
    std::pair<std::uint32_t, SeqNo>
        begun{};  // a generation, and a number on its link: what its client has said
    std::uint32_t most_waiting = 1;  // that it has said
    std::set<ItemId> held;
    ItemId parting;              // a body of which not all is sent; 0: none
    std::size_t delivery = 0;    // so much of it is
    std::uint64_t parts_in = 0;  // the last turn in which parts were sent
    std::deque<std::pair<SeqNo, std::size_t>> under_way;  // entries on its link, and their bytes
    std::size_t bytes = 0;                                // the sum of these
    std::size_t arrived_meanwhile = 0;                    // since nothing was under way
    bool closed = false, superseded = false, refused = false;
    Time closed_at{};
    std::uint64_t reclaims_left = 0;                // announced, and not in yet
    std::set<ItemId> reclaimed_in_vain, told_lost;  // this turn's
    std::set<ItemId> puts;                          // it reclaims, and are not here yet
    std::set<ItemId> puts_reclaimed;                // ... or were not when it reclaimed them
    std::map<SeqNo, ItemId> put_settles;            // what it has settled of these, not confirmed
    SeqNo told;                                     // of the broker's stream
    bool without_link = false;  // the next link could not be opened yet: its requests wait
    std::map<SeqNo, std::vector<ItemId>> acks;  // that no confirm has covered yet
    std::map<SeqNo, std::pair<ItemId, std::uint32_t>>
        fails;                      // likewise, with the failures that make
    SeqNo credit, put_received;     // as a producer was told; the credit at its highest
    Held put_held = Held::nothing;  // ... and what holds it back, if it was told so in this turn
    bool may_request() const { return role == Role::consumer && !without_link; }
    std::uint64_t open_requests() const { return requested > answered ? requested - answered : 0; }
  };
  /// What there is to deliver in one queue at one priority.
  struct Ready {
    std::set<ItemId> waiting, returned;
  };
  /// Who was given what an earlier life had not kept.
  struct PutReclaim {
    SessionId session;
    std::uint32_t deliveries = 1;
    enum class Settled { nothing, done, failed } settled = Settled::nothing;
    Duration delay{};
    // Of those who had it under lower counts, and said that it failed.
    std::vector<PutReclaim> before = {};
  };
  using Priorities = std::map<std::uint8_t, Ready, std::greater<>>;

  Item& item(ItemId id);
  Ready& ready_of(const Item& item) { return ready_[item.put.queue][item.put.priority]; }
  void apply(const SessionId& id, Standing& session, const Entry& entry, SeqNo number);
  void settle(const SessionId& by, Standing& session, const Entry& entry, SeqNo number);
  void welcomes(const SessionId& id, const Knows& knows);
  void reclaims(const SessionId& id, Standing& session, const Reclaim& reclaim);
  bool may_reclaim(const Hello& hello, const Item& item, std::uint32_t deliveries) const;
  void takes_up(const SessionId& id, Standing& session, ItemId item_id, std::uint32_t deliveries);
  void holds_again(const SessionId& id, Standing& session, ItemId item_id,
                   std::uint32_t deliveries);
  bool reclaims_put(const SessionId& id, Standing& session, ItemId as, const PutName& put,
                    std::uint32_t deliveries);
  std::vector<PutReclaim> passes_on(PutReclaim& reclaim, ItemId as);
  void gives_back(ItemId as);
  bool settles_put(Standing& session, ItemId as, PutReclaim::Settled settled, Duration delay,
                   SeqNo number);
  void drop_puts(Standing& session);
  void put_again(Item& item, ItemId id);
  bool is_dead_since(ItemId as) const;
  bool may_be_told_late(ItemId as, const Reclaim& reclaim) const;
  bool may_be_lost(ItemId as) const;
  bool could_be_put_again(ItemId as) const;
  const Item* earlier(ItemId id) const;
  const Item* here_again(const Item& was, ItemId& id) const;
  static bool same_put(const Item& a, const Item& b) {
    return a.producer == b.producer && a.number == b.number && a.run == b.run;
  }
  void loses(Item& item, const SessionId& by, bool counted);
  void tells_lost(const SessionId& id, const Header& header, std::string_view payload);
  void check_lost(const Knows& knows);
  void check_closes(const Knows& knows);
  void check_right(const Item& item, ItemId id) const;
  bool waits_for_disk(const Item& item) const;
  void note_reclaims();
  void note_stored();
  static bool may_be_left(const Item& was, const broker::StoredItem& kept, Time now);
  Time due_of(const Item::Delay& delay, const broker::StoredItem& kept, Duration astray) const;
  void confirms(const SessionId& id, const Confirm& confirm);
  /// While the broker stood still nobody could reclaim; a short pause it need not notice, nor one
  /// but for a nap.
  bool reclaims_last(Duration nap = longest_nap) const {
    return (kept_items_ > 0 || again_items_ > 0) &&
           world_.now() < reclaims_since_ + reclaim_window + pauses_since(reclaims_since_, nap);
  }
  void dropped(Item& item, ItemId id);
  void release(const SessionId& by, Standing& session, ItemId id);
  void let_go(Standing& session, Item& item, ItemId id);
  void to_front(Item& item, ItemId id);
  void fail(Item& item, ItemId id, Duration delay);
  void lose(const SessionId& id, Standing& session);
  void link_lost(const SessionId& by, Standing& session, const LinkLost& lost);
  void check_robbed(const SessionId& id) const;
  void check_item(const Item& item, const Delivery& delivery) const;
  void check_order() const;
  void check_order(const Priorities& ready, ItemId id, bool returned) const;
  void check_demand() const;
  static std::string process_of(const SessionId& id, const Hello& hello);
  std::vector<ItemId> held_by_process(const Standing& session) const;
  bool holds_anything(const Standing& session) const;
  bool holds_suspect(const Standing& session) const;
  bool may_wait_for_a_free_hand(const std::vector<const Standing*>& requesting, ItemId id) const;
  void check_alone(const Standing& session, ItemId id) const;
  bool doubts(const Standing& session) const;
  void lose_items(const SessionId& id, Standing& session, bool counts);
  void check_attempts();
  void due_now();
  void sent(Standing& session, SeqNo number, std::size_t bytes);
  static void arrived(Standing& session, SeqNo number);
  bool has_room(const Standing& session) const;
  template <class Counts>
  Depth depth_where(Counts counts) const;
  Depth depth_of(const std::string& queue) const;
  void credits(const SessionId& id, const Confirm& confirm);
  std::uint64_t unused_credit(const SessionId& id, const Standing& session,
                              const std::string& queue) const;
  void check_credit();
  void check_bytes() const;
  Duration pauses_since(Time time, Duration nap) const;

  World& world_;
  PutJudge& puts_;
  const Life life_;
  const broker::CoreSettings& settings_;
  const std::uint32_t max_attempts_;
  const std::uint32_t turn_work_;
  const bool durable_;
  const Peace peace_;
  const BrokerJudge* const before_;
  BrokerInstance previous_broker_;  // that was written last
  Time reclaims_since_{};  // nothing is delivered: restored items wait for those who held them
  std::uint64_t kept_items_ = 0, again_items_ = 0;
  std::map<std::string, SeqNo> kept_up_to_;
  std::map<std::string, SessionId> runs_;      // who puts under a name now
  std::map<ItemId, PutReclaim> put_reclaims_;  // by what the client calls it
  std::map<ItemId, ItemId> called_;
  std::function<bool(ItemId)> is_stored_;
  std::function<bool()> takes_reclaims_, hands_off_;
  std::function<std::set<ItemId>()> delivered_to_;
  BrokerInstance broker_instance_;

  std::map<ItemId, Item> items_;
  std::map<std::string, Priorities> ready_;  // by queue
  std::set<std::pair<Time, ItemId>> delayed_;
  ItemId last_id_;
  std::uint64_t dead_ = 0;

  std::map<SessionId, Hello> hellos_;
  std::set<SessionId> welcomed_;  // ever
  std::set<SessionId> left_unheard_;
  std::set<std::pair<SessionId, ItemId>> forsaken_;  // in hand when the user's program ended
  std::map<SessionId, Standing> standing_;
  std::set<std::string> doubted_;  // processes that lost a session and were not heard since
  std::map<SessionId, Time> heard_,
      left_;  // the last message that came; when the last subscription left
  std::map<SessionId, int> subscriptions_;
  std::vector<std::pair<Time, Time>> pauses_;  // of the broker

  // This turn.
  std::uint64_t turn_ = 1, message_ = 0;
  std::uint64_t given_ = 0;                               // in this turn
  ItemId last_of_turn_;                                   // the last one of the turn before
  std::set<SessionId> link_failed_, link_opened_, lost_;  // lost: a failure counts
  std::map<SessionId, std::uint32_t> closes_;  // ever: with the generation of the link then
  CountStored count_stored_;
  Time reclaims_taken_{};  // the time for reclaims was not over
  Time reclaims_seen_{};   // reclaims of a session that holds items of the last life were still to
                           // come
  std::set<ItemId> touched_;  // to be checked at the end of the turn
  struct Delivered {
    ItemId id;
    bool returned;  // it had been delivered before
    std::uint64_t message;
  };
  std::vector<Delivered> delivered_;
  std::map<ItemId, int> times_;
  std::size_t turn_bytes_ = 0;  // on all links
};

}  // namespace baton::internal::simulation
