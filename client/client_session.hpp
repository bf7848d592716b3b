// A client's session with the broker: everything that the three roles have in common. Pure.
//
//          start()            welcome           close said, and the broker says: ended
//   ┌──────┐      ┌──────────┐         ┌─────────────┐                          ┌───────┐
//   │ idle ├─────▶│ greeting ├────────▶│ established ├─────────────────────────▶│ ended │
//   └──────┘      └──────────┘         └─────────────┘                          └───────┘
//                      ▲  unknown_session,  │   any other refusal that ends,    ┌────────┐
//                      │  another broker    │   or time is up                   │ failed │
//                      └─ a new session id ─┘   (greeting and established) ────▶└────────┘
// Silence does not change the state: after session_timeout without news all sockets are reopened
// and the same session continues, until the broker says that it does not know it (any more).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/carry_over.hpp"
#include "client/closing.hpp"
#include "client/contact.hpp"
#include "client/doubt.hpp"
#include "client/error.hpp"
#include "client/feed_receiver.hpp"
#include "client/outbox.hpp"
#include "client/reclaims.hpp"
#include "client/room.hpp"
#include "client/session_names.hpp"
#include "proto/greeting.hpp"
#include "proto/message.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

inline constexpr Duration default_connect_timeout = 10s;
/// How long the broker may be silent, or make no progress, after a close.
inline constexpr Duration close_timeout = 5s;
/// How long a close may stay unanswered while the broker makes progress.
inline constexpr Duration longest_close = 60s;
inline constexpr Duration refused_again = 1s;  ///< between hellos while the broker has no room

/// Identity of the client. Fixed for its life.
struct SessionConfig {
  Role role = Role::producer;
  std::string client;  ///< program and version
  std::string name;    ///< producers: never empty
  bool named = false;  ///< the user chose the name
  std::string host;
  std::uint64_t pid = 0;
  std::uint64_t process = 0;  ///< process_number(); 0: the broker does not learn it
  /// A random number of this client; 0: its repeated lines are not recognized.
  std::uint64_t instance = 0;
  std::vector<std::string> queues;
  /// Until the first welcome; later there is no limit.
  Duration connect_timeout = default_connect_timeout;
  Duration leave_within = close_timeout;  ///< how long the broker may make no progress after a
                                          ///< close
  std::function<SessionId()> draw_id = random_session;
};

/// What a role adds to the hello.
struct Greeting {
  SeqNo first_put{1};
  SeqNo feed_position;
  Reclaims reclaims = {};  ///< consumers: the same in all hellos of a session
  SeqNo last_put = {};     ///< producers: the last item that may have been sent
};

/// Invariants:
/// 1. While greeting only hellos are sent; what the user does meanwhile waits in the control
///    stream.
/// 2. Unconfirmed entries of the control stream outlive a session: the next one repeats those that
///    still apply.
/// 3. close is the last entry of the control stream, appended once per session.
class ClientSession {
 public:
  enum class State : std::uint8_t { idle, greeting, established, ended, failed };

  /// The meaning of a notification, for the role.
  struct Notification {
    enum class Kind : std::uint8_t {
      nothing,    ///< not for the role
      welcomed,   ///< a new session is established: see welcome(), same_broker()
      confirmed,  ///< see confirmed()
      feed,       ///< `count` - `skip` new entries of the feed, in `payload` after the first `skip`
      changed,    ///< the state or the reason to wait changed
    };
    Kind kind = Kind::nothing;
    std::string_view payload;
    SeqNo first;  ///< number of the payload's first entry
    std::uint32_t skip = 0;
  };

  explicit ClientSession(SessionConfig config);

  void start(Time now);
  /// `in_hand`: for consumers, only used during the call.
  Notification on_notification(std::string_view frame, Time now, const InHand& in_hand = {});

  /// Checks deadlines; afterwards the role sends a hello or heartbeat if one is due, then calls
  /// flush().
  void tick(Time now, Outbox& out);
  bool hello_due(Time now) const { return state_ == State::greeting && now >= hello_at_; }
  void send_hello(Time now, const Greeting& greeting, Outbox& out);
  bool heartbeat_due(Time now) const {
    return state_ == State::established && now >= heartbeat_at_;
  }
  /// `mine` holds the role's values; control_sent and rewind are filled in here.
  void send_heartbeat(Time now, Heartbeat mine, Outbox& out);
  void flush(Time now, Outbox& out);
  Time next_deadline() const;

  /// A heartbeat goes out with the next tick, to tell the broker something soon.
  void heartbeat_soon() { heartbeat_at_ = Time::min(); }

  /// Appends one entry to the control stream: `fill` appends it to the string passed to it.
  template <class Fill>
  SeqNo append(std::size_t size_hint, std::uint64_t cost, Fill fill) {
    fill(control_.block_for(size_hint));
    return control_.appended(cost);
  }
  /// Adds a block of console lines of at most max_print bytes. Only if may_print(), and not after
  /// close().
  bool may_print() const { return control_.may_append() && !over() && !closing(); }
  void print(std::string_view block);

  /// Ends the session once everything sent so far was received. `last_put` is the last number of
  /// the put stream. If nothing is owed (`role_owes`: items held or puts unconfirmed; nor
  /// unconfirmed settled items or lines), it does not wait for a silent broker; with or without
  /// lines it does not wait for one that has no room for us.
  void close(SeqNo last_put, Time now, bool role_owes);
  bool closing() const { return closing_.is_begun(); }

  State state() const { return state_; }
  bool established() const { return state_ == State::established; }
  bool over() const { return state_ == State::ended || state_ == State::failed; }
  bool was_welcomed() const { return names_.ever_welcomed(); }
  const std::optional<SessionError>& error() const { return error_; }
  bool shutdown() const { return shutdown_; }
  /// The broker has no room for another client, or no link for another consumer: the client asks
  /// again each second.
  bool full() const { return room_.is_full(); }
  const std::string& why_full() const { return room_.why(); }  ///< the broker's explanation
  /// The broker is silent, or was not reached yet.
  bool out_of_touch(Time now) const { return !established() || contact_.is_silent(now); }

  /// Whether the broker certainly counted this session as alive a moment ago, so items delivered to
  /// us are still ours. False after the process, its host or the network paused for too long, until
  /// the broker has answered since.
  bool trusted(Time now) const {
    return established() && !doubt_.is_there() && now <= contact_.alive_until();
  }
  /// The doubt ends when control entry `number`, appended after it began, is confirmed.
  bool needs_proof() const { return established() && doubt_.needs_proof(); }
  void prove_by(SeqNo number) { doubt_.prove_by(number); }

  const SessionConfig& config() const { return config_; }
  const SessionId& id() const { return names_.id(); }
  BrokerInstance broker_instance() const { return names_.broker(); }
  const Welcome& welcome() const { return welcome_; }
  /// The broker is the same as that of the previous session.
  bool same_broker() const { return names_.same_broker(); }
  const Confirm& confirmed() const { return confirm_; }
  SeqNo feed_position() const { return feed_.received(); }
  /// The role has the feed up to `number` from an earlier session: repetitions are skipped.
  void skip_feed(SeqNo number) { feed_.skip(number); }
  const StreamSender& control() const { return control_; }
  /// The broker has answered all reclaims that it rejects.
  bool reclaims_answered() const {
    return established() && control_.confirmed() >= reclaims_end_ &&
           feed_.received() >= confirm_.feed_last;
  }

  void check_invariants() const;

 private:
  Notification on_welcome(const Header& header, std::string_view payload, Time now,
                          const InHand& in_hand);
  Notification on_confirm(std::string_view payload, Time now);
  Notification on_refusal(const Header& header, std::string_view payload, Time now);
  Notification on_feed(const Header& header, std::string_view payload, Time now);
  void note_pause(Time now);
  void request_rewind(Time now);
  void renew(BrokerInstance broker_instance, Time now);
  void append_close_entry();
  bool held() const;
  void fail(SessionError error);
  Time give_up_at() const;
  Time leave_at() const;

  SessionConfig config_;
  State state_ = State::idle;
  std::optional<SessionError> error_;  // set in state failed
  bool shutdown_ = false;
  Room room_;

  SessionNames names_;
  Welcome welcome_;
  Confirm confirm_;

  Reclaims reclaims_;   // of this session
  SeqNo reclaims_end_;  // the last entry with reclaims

  StreamSender control_{{1}, small_pack_bytes};
  std::uint64_t blocks_ = 0;  // blocks of lines, in all sessions
  FeedReceiver feed_;

  Contact contact_;
  Time hello_at_ = never, heartbeat_at_ = never;
  Time greeted_ = never;  // the last hello of this session
  bool open_ = false;     // the next tick opens sockets

  Doubt doubt_;
  Closing closing_;
};

}  // namespace baton::internal
