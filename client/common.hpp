// What the client libraries share above the session: who we are, errors as exceptions, console
// lines, notices.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "client/client_session.hpp"
#include "client/connection.hpp"
#include "client/options.hpp"

namespace baton::internal {

/// This process's host name.
std::string host_name();

/// Program, host, process id and times filled in.
SessionConfig session_config(Role role, const ClientOptions& options);

/// Throws what ended the session before its time, naming the broker and what is known of it; does
/// nothing while it lives. Requires the connection's lock.
void throw_if_over(const ClientSession& session, const Connection& connection);

/// After bye(): waits until the session is over, at most until `until`: whether it is. Throws what
/// ended it, if not that. Requires the connection's lock.
bool wait_for_end(Connection& connection, Connection::Lock& lock, const ClientSession& session,
                  Time until = never, bool interruptibly = false);
/// ClientError (close_unconfirmed).
[[noreturn]] void throw_unconfirmed(const Connection& connection);

/// Each line of `lines` led by "[host] " if `tag` says so; the last one ended by a newline.
std::string console_block(std::string_view lines, HostTag tag, const std::string& broker_host);

/// Tells the user why a call waits, but not too often. One for each client; used under its lock.
class Notices {
 public:
  explicit Notices(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  /// A call has waited since `since` for `reason`. Lets go of `lock` while it tells.
  void waited(Connection::Lock& lock, Time since, const std::string& reason,
              const ClientSession& session);
  /// Says that there is contact again, if it was said that there was none. Lets go of `lock` while
  /// it tells.
  void in_touch(Connection::Lock& lock, const ClientSession& session, const BrokerAddress& broker);
  /// When a call that waits since `since` should say so at the earliest.
  Time due(Time since) const { return tell_ ? since + notice_delay : never; }
  /// ... and when it should look again, where there was nothing to say at `now`: of itself it says
  /// something only while a broker is looked for; later each change of the logic is a reason to
  /// look.
  Time due_again(const ClientSession& session, Time now) const {
    return session.was_welcomed() ? never : due(now);
  }

 private:
  static constexpr Duration notice_delay = 500ms;
  /// The same reason is told again after so long without waiting.
  static constexpr Duration forgotten_after = 5s;

  void print(Connection::Lock& lock, const std::string& text);

  std::function<void(const std::string&)> tell_;
  std::string told_;
  enum class Told : std::uint8_t {
    nothing,
    looking,
    lost
  } contact_ = Told::nothing;  // of contact that is missing
  Time last_wait_ = Time::min();
};

/// Waits until `ready()` holds, telling the reason that `why()` gives. False: it did not by
/// `until`. Requires the lock. Throws when the session ends.
template <class Ready, class Why>
bool wait_until_ready(Connection& connection, Connection::Lock& lock, Notices& notices,
                      const ClientSession& session, Ready ready, Why why, Time until = never) {
  if (ready()) return true;
  const Time since = Connection::now();
  Time look = notices.due(since);
  for (;;) {
    throw_if_over(session, connection);
    notices.in_touch(lock, session, connection.broker());
    if (ready()) return true;
    const Time now = Connection::now();
    if (now >= until) return false;
    if (now >= look) {
      look = notices.due_again(session, now);
      notices.waited(lock, since, why(), session);
      if (ready()) return true;
    }
    connection.wait_interruptibly(lock, std::min(look, until));
    if (look == never) look = Connection::now();
  }
}

/// Says a block through `logic`, waiting while the console holds back, at most until `within` is
/// over: whether it is said.
template <class Logic>
bool print_block(Connection& connection, Logic& logic, Notices& notices, std::string_view lines,
                 HostTag tag, TimeLimit within) {
  if (lines.size() > max_print)
    throw ClientError(ClientError::Kind::argument, "a block of lines is too long");
  auto lock = connection.lock();
  const auto ready = [&] { return logic.may_print() || logic.session().closing(); };
  if (!wait_until_ready(
          connection, lock, notices, logic.session(), ready,
          [&] { return why_not_print(logic.session(), connection); },
          deadline_after(Connection::now(), Duration(within))))
    return false;
  if (logic.session().closing())
    throw ClientError(ClientError::Kind::closed, "the client is closed");
  const auto block = console_block(lines, tag, logic.session().welcome().host);
  if (block.size() > max_print)
    throw ClientError(ClientError::Kind::argument, "a block of lines is too long");
  logic.print(block);
  connection.changed();
  return true;
}

/// Why a call waits while the broker is silent, or has no room, and what is known of the cause.
/// Empty while a broker has been looked for for less than a second.
std::string no_contact(const ClientSession& session, const Connection& connection);
std::string why_not_print(const ClientSession& session, const Connection& connection);

}  // namespace baton::internal
