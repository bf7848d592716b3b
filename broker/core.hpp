// The broker's core: who is alive, what each may send and is told, and (in Stock) the life of items.
//
// Pure: no socket, clock, disk or thread. Methods take `now`; what must be done is appended to Effects at the latest by
// end_turn(); next_deadline() says when to end a turn even if nothing comes in.
//
// Invariants, besides Stock's:
// 1. A session stands when its hello and a subscription to its topic are here; it ends by bye, silence (lost_after),
//    departure (grace), or a refusal that ends it. What it held goes back in the same turn.
// 2. What a stream brought is applied in the order of its numbers, each number once.
// 3. Nothing is confirmed before the storage said that it is durable.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/console.hpp"
#include "broker/effects.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/stock.hpp"
#include "broker/storage.hpp"
#include "proto/repeats.hpp"

namespace baton::broker {

inline constexpr const char* no_lane = "no lane left for another consumer";

class Core {
 public:
  /// `storage` and `effects` must outlive the core.
  Core(Settings settings, Epoch epoch, Storage& storage, Effects& effects, Time now);

  /// A subscription to `topic` arrived or left on news; there may be several of one topic. False: it is not granted.
  bool subscribed(const SessionId& topic, Time now);
  void unsubscribed(const SessionId& topic, Time now);

  /// Begins a session, or repeats the answer to one that stands.
  Refusal hello(const SessionId& id, Hello hello, Time now);

  /// What there is no more of, when hello() says sessions_full; for people.
  std::string why_full() const;

  /// The session if it stands, else nullptr. Valid until the end of the turn.
  Session* find(const SessionId& id);
  /// A message of a session that does not stand: it is told to begin anew, or again that its bye was heard.
  void unknown(const SessionId& id, Time now);

  /// Somebody asks whether a broker is here, on the topic that it has subscribed to.
  void probe(const SessionId& topic);

  void beat(Session& session, const Beat& beat, Time now);
  /// A message of a stream. `entries` was checked by check_entries(), and stays valid for the call.
  Refusal put(Session& session, Number first, std::uint16_t count, std::string_view entries, Time now);
  /// Of the put stream everything before `next` was sent.
  void put_mark(Session& session, Number next, Time now);
  Refusal control(Session& session, Number first, std::uint16_t count, std::string_view entries, Time now);

  /// The plain doors, where settings.plain_queue names their queue: a body from `in`; whether `in` is to be bound; whether
  /// there is something that `out` may take: up to `room` bodies of it are in Effects::out at the turn's end.
  Refusal plain_put(std::string_view body, Time now);
  bool plain_in_is_open();
  bool plain_items_wait() const;
  void set_out_room(std::uint32_t room) { plain_.out_room = room; }

  /// Answers to Effects::lane_changes. Without a lane a session that holds nothing is refused (sessions_full); one that
  /// holds items keeps them, and opening is tried again.
  void lane_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port);
  void lane_failed(const SessionId& id, std::uint32_t generation, Time now);
  /// A lane was given up to which its consumer never came. The second time in a session's life is worth a line in the log.
  void lane_unreached(const SessionId& id, std::uint16_t port);

  /// Tells the sender why its message had no effect, where it is a session's topic; ends the session where the refusal
  /// does. `detail` may be empty.
  void refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now);

  /// Deadlines, hand-offs, persistence, and what the sessions are told. While control was not read dry, nobody's silence
  /// is judged: the beat may be among what is still to be read.
  void end_turn(Time now, bool control_dry);
  /// When to end a turn even if nothing comes in; in the past when there is something to do already.
  Time next_deadline() const;

  /// The end of the whole system, as if it were done: all clients are told to leave.
  void shut_down(Time now);

  /// The broker alone ends, by a signal: nothing is handed off any more, and who leaves now is still answered.
  void stop(Time now);
  /// stop() was called, and puts need not be read any more: who leaves along with the broker has said so by now.
  bool stops_reading(Time now) const { return now >= read_until(); }
  /// What came in until then is confirmed, as far as there is room for it, and byes are answered.
  bool stopped(Time now);

  /// Whether the end of the whole system has begun.
  bool ending() const { return ending_ != Ending::not_yet; }

  const Settings& settings() const { return settings_; }
  Epoch epoch() const { return epoch_; }
  std::uint64_t refused(Refusal refusal) const { return refusals_[static_cast<std::size_t>(refusal)]; }
  const Stock& stock() const { return stock_; }
  std::size_t session_count() const { return sessions_.size(); }
  /// Whether it waits for its welcome until what its name has put before is on disk.
  bool waits_to_begin(const SessionId& id) const;
  void check_invariants() const;

 private:
  /// What is remembered of a session that ended: its client may come back in a new one, or ask again for its end.
  struct Tombstone {
    Number control_received;
    std::string why;  ///< as in the history of the items that it lost; empty when it left by bye
    std::uint32_t serial;
    Time until;
    bool left;  ///< as its bye asked: it is told so again
  };
  /// How far the end of the whole system is (exit_when_done or shut_down).
  enum class Ending : std::uint8_t {
    not_yet,
    leaving,   ///< producers and consumers are told to leave
    printing,  ///< they are gone; the printers get the last line
    over,
  };

  struct Pending {  // received up to this number when `ticket` was drawn
    Ticket ticket;
    SessionId session;
    Number number;
    std::uint64_t bytes;  ///< of bodies or blocks, up to that
  };
  struct PendingPut : Pending {  // its session may be over by the time it is kept
    std::uint32_t producer;      ///< index
    std::uint64_t serial;
  };

  // Sessions (core_sessions.cpp).
  bool comes_back(const Hello& hello) const;
  bool has_place_for(const Hello& hello, Time now);
  void make_place(Time now);
  void stand_if_ready(Session& session, Time now);
  void forget_oldest_greeted();
  void bury(const Session& session, const std::string& mark, Time now);
  bool is_outdated(const Hello& hello);
  bool is_late(const Hello& hello);
  bool may_begin(Session& session, Time now);
  void begin_waiting(Time now);
  std::uint64_t unknown_puts(const Hello& hello);
  void stand_producer(Session& session, Time now);
  void stand_consumer(Session& session);
  void stand_printer(Session& session, Time now);
  void resume_from_previous(Session& session, Time now);
  bool somebody_claims() const;
  void judge_claims(Time now);
  void bound_untold(Time now);
  void end(Session& session, const std::string& why, Time now);
  void end_complete_byes(Time now);
  void check_liveness(Time now);
  void forgive(Duration pause, Time now);
  void sweep_over(Time now);

  // Entries of the put and the control stream (core.cpp).
  void note_part(const Session& session, const InputPlace& place, std::string_view entries, std::uint32_t skip,
                 std::uint32_t end, std::uint32_t items);
  void apply(Session& session, const Entry& entry, Time now);
  void ask(Session& session, const Ask& ask, Time now);
  void bye(Session& session, Number last_put, Time now);
  void not_held(Session& session, ItemId id, Time now);
  void settle_runs(Session& session, const Entry& entry, Time now);
  void claim(Session& session, const Entry& entry, Time now);
  void lane_lost(Session& session, const LaneLost& lost);
  void open_lane(Session& session);
  void open_lanes_again(Time now);
  void say(Session& session, const Said& said, Time now);
  void log_lines(Session& session, const Said& said);

  // What sessions are told (core_news.cpp).
  void changed(Session& session);
  void all_changed();
  void tell_changed(Time now);
  void tell_outcomes(const Session& session, StreamSender& outcomes, Time now);
  Confirm confirm_of(const Session& session) const;
  void feed_printer(Session& session);
  void send(const SessionId& to, std::string bytes);
  Header header_for(const SessionId& id, MessageType type) const { return {type, 0, epoch_, id, {}}; }
  Number printed_by_all(Time now) const;
  Number printed_by_gone() const;
  void watch_console(Time now);
  static PendingPut pending_put(const SessionId& session, const Producer& producer, Ticket ticket);
  void persist();
  void confirm_control(Ticket durable);
  void confirm_puts(Ticket durable);
  void hold_puts(const std::string& why);
  void extend_credits();

  // The plain doors (core_plain.cpp).
  void open_plain_doors();
  void give_out(std::uint32_t room);

  // The end of the system (core_ending.cpp).
  void check_ending(Time now);
  bool work_is_done(Time now);
  bool anyone_but_printers() const;
  bool may_leave(const Session& session) const;
  void enter(Ending stage, Time now);
  Time read_until() const;

  const Settings settings_;
  const Epoch epoch_;
  Storage& storage_;
  Effects& effects_;
  std::vector<Session*> changed_;
  std::vector<ItemRun> runs_;   // of the entry at hand
  std::uint32_t not_held_ = 0;  // of the message at hand
  std::vector<Claim> claims_;   // likewise
  Stock stock_;
  ConsoleLog console_;
  Repeats said_before_;

  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::unordered_map<SessionId, std::uint32_t> subscriptions_;  // how many of each topic
  std::unordered_map<SessionId, Tombstone> tombstones_;
  std::deque<SessionId> buried_;   // the same, by when they ended; some may have been forgotten
  std::deque<SessionId> greeted_;  // by when they said hello; some may stand by now, or be gone
  std::vector<Session*> printers_;
  std::vector<SessionId> over_;  // sessions that are over: erased at the end of the turn
  std::array<std::uint64_t, refusal_count> refusals_{};

  std::deque<Pending> pending_control_;
  std::deque<PendingPut> pending_puts_;
  std::vector<PendingPut> last_puts_;  // of sessions that ended in this turn
  std::vector<SessionId> beginning_;   // new processes that wait until what their names put before is kept
  std::string storage_holds_;          // why the storage has no room for new items; empty when it has
  std::uint64_t storage_held_ = 0;     // how often it had none
  Time claims_until_ = never;          // while kept items wait for those who held them
  Time claims_at_latest_ = never;
  std::uint32_t serials_ = 0;  // of sessions

  struct Plain {
    Queue* queue = nullptr;  // none without plain doors
    Producer* producer = nullptr;
    std::uint32_t out_room = 0;  // in this turn
    bool open = true;            // `in`
  };
  Plain plain_;

  std::vector<SessionId> laneless_;  // stand, but no port was left when their lane broke; they go before new consumers
  std::uint64_t unreached_ = 0;      // sessions of which that was logged, or would have been
  Time lanes_again_at_ = never;      // when that is tried again

  Time look_at_;     // when some session's silence or departure must be judged, at the earliest
  Time beat_at_;     // when all sessions get the next beat
  Time sweep_at_{};  // when old tombstones are swept
  Time due_;         // what next_deadline() last said

  Number printed_;                 // the last block that some printer which is gone has printed
  Time printer_expected_until_{};  // by then the one that went should have printed something, or another one
  bool lines_dropped_ = false;
  bool say_held_ = false;  // the console log is full: sayers have no window

  Ending ending_ = Ending::not_yet;
  Time ending_since_{};                     // of the present stage
  Time done_since_ = never;                 // when all work was first seen done
  Time stopping_since_ = never, bye_at_{};  // bye_at_: when the last bye came in
  Ticket turn_ = 0;                         // the newest one given to the storage
  std::optional<Ticket> last_turn_;         // while stopping: all that is waited for came in by then
  std::set<std::string> producers_seen_;
  std::uint32_t consumers_seen_ = 0;
};

}  // namespace baton::broker
