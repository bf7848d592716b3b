// What the client libraries share above the session: identity, errors as exceptions, console lines,
// notices.
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

/// Throw ClientError (argument), with the name as it can be shown.
void require_queue_name(std::string_view name);
void require_client_name(std::string_view name);

/// With program, host, process id and times.
SessionConfig session_config(Role role, const ClientOptions& options);

/// Throws the error that ended the session, naming the broker and the known cause; does nothing
/// while the session is alive. Requires the connection's lock.
void throw_if_over(const ClientSession& session, const Connection& connection);

/// After close(): waits until the session is over, at most until `until`. Returns whether it is
/// over; throws the error that ended it, if any. Requires the connection's lock.
bool wait_for_end(Connection& connection, Connection::Lock& lock, const ClientSession& session,
                  Time until = never, bool interruptibly = false);
/// Throws ClientError (close_unconfirmed).
[[noreturn]] void throw_unconfirmed(const Connection& connection);

/// `lines`, each prefixed with "[host] " if `tag` says so; a missing last newline is added.
std::string console_block(std::string_view lines, HostTag tag, const std::string& broker_host);

/// Tells the user why a call waits, but not too often. One per client; used under its lock.
class Notices {
 public:
  explicit Notices(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  /// A call has waited since `since` for `reason`. Releases `lock` while calling the user.
  void waited(Connection::Lock& lock, Time since, const std::string& reason,
              const ClientSession& session);
  /// Reports that contact is back, if its loss was reported. Releases `lock` while calling the
  /// user.
  void in_touch(Connection::Lock& lock, const ClientSession& session, const BrokerAddress& broker);
  /// When a call that waits since `since` should report it at the earliest.
  Time due(Time since) const { return tell_ ? since + notice_delay : never; }
  /// When to look again if there was nothing to report at `now`. Only while a broker is searched
  /// for can a reason appear by itself; later every change of the logic wakes the caller anyway.
  Time due_again(const ClientSession& session, Time now) const {
    return session.was_welcomed() ? never : due(now);
  }

 private:
  static constexpr Duration notice_delay = 500ms;
  /// After this long without waiting the same reason is reported again.
  static constexpr Duration forgotten_after = 5s;

  void print(Connection::Lock& lock, const std::string& text);

  std::function<void(const std::string&)> tell_;
  std::string told_;
  enum class Told : std::uint8_t {
    nothing,
    looking,
    lost
  } contact_ = Told::nothing;  // what was reported about missing contact
  Time last_wait_ = Time::min();
};

/// Waits until `ready()`, reporting the reason from `why()`. Returns false if not ready by `until`.
/// Requires the lock. Throws when the session ends.
template <class Ready, class Why>
bool wait_until_ready(Connection& connection, Connection::Lock& lock, Notices& notices,
                      const ClientSession& session, Ready ready, Why why, Time until = never) {
  if (ready()) return true;
  const Time since = Connection::now();
  Time look = notices.due(since);
  for (;;) {
    if (session.over() && ready()) return true;  // before its end, or `ready` knows a better error
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

[[noreturn]] void refuse_block();

/// Prints a block through `logic`, waiting at most `within` while the console holds clients back.
/// Returns whether it was printed.
template <class Logic>
bool print_block(Connection& connection, Logic& logic, Notices& notices, std::string_view lines,
                 HostTag tag, TimeLimit within) {
  if (lines.size() > max_print) refuse_block();
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
  if (block.size() > max_print) refuse_block();
  logic.print(block);
  connection.changed();
  return true;
}

/// Why a call waits while the broker is silent or has no room, and the known cause. Empty while a
/// broker has been searched for less than a second.
std::string no_contact(const ClientSession& session, const Connection& connection);
std::string why_not_print(const ClientSession& session, const Connection& connection);

}  // namespace baton::internal
