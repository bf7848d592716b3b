#include <algorithm>

#include "consumer/consumer_impl.hpp"

namespace baton::internal {
namespace {

/// How long to wait for the broker to confirm that no item is on its way to a cancelled request.
constexpr Duration crossing_limit = std::chrono::milliseconds(100);

}  // namespace

std::string Consumer::Impl::why_wait() const {
  const auto& standing = session.session();
  const Time now = Connection::now();
  if (standing.full() || standing.out_of_touch(now)) return no_contact(standing, connection);
  const auto port = session.unreachable_port(now);
  if (!port) return {};
  return "cannot reach port " + std::to_string(*port) + " of " + options.broker.host +
         ", where its items come from: open it, or start the broker with --delivery-ports A-B "
         "and publish these ports under the same numbers";
}

GetResult Consumer::Impl::wait_for_item(Connection::Lock& lock, Item& item, Time until,
                                        bool of_run) {
  Time since = Connection::now(), look = notices.due(since);
  for (;;) {
    require_no_failure();
    notices.in_touch(lock, session.session(), connection.broker());
    if (session.closed()) return GetResult::closed;
    if (of_run && stop_run) return GetResult::stopped;
    if (take(item)) return GetResult::item;
    const Time now = Connection::now();
    if (now >= until) return GetResult::time_up;
    if (now >= look) {
      look = notices.due_again(session.session(), now);
      if (const auto why = why_wait(); !why.empty())
        notices.waited(lock, since, why, session.session());
      continue;
    }
    connection.wait_interruptibly(lock, std::min(until, look));
    if (look == never && !why_wait().empty()) look = Time::min();
  }
}

/// Another thread may wait for the request whose item this one takes: then make one more.
bool Consumer::Impl::take_and_request(Item& item) {
  if (!take(item)) return false;
  if (session.owes()) connection.changed();
  return true;
}

GetResult Consumer::Impl::get(Connection::Lock& lock, Item& item, Timeout timeout, bool of_run) {
  if (take_and_request(item)) return GetResult::item;
  const auto got = wait_wanting(lock, item, timeout, 1, of_run);
  if (got != GetResult::time_up || session.closed()) return got;
  return take_crossing(lock, item) ? GetResult::item : GetResult::time_up;
}

/// Waits for an item, with `count` items wanted.
GetResult Consumer::Impl::wait_wanting(Connection::Lock& lock, Item& item, Timeout timeout,
                                       std::size_t count, bool of_run) {
  const Time until = timeout ? deadline_after(Connection::now(), *timeout) : never;
  session.want(count);
  if (timeout && *timeout <= Duration::zero()) session.request_now();
  connection.changed();
  GetResult got{};
  try {
    got = wait_for_item(lock, item, until, of_run);
  } catch (...) {
    session.unwant(count);
    refuse_crossing();
    throw;
  }
  session.unwant(count);
  if (session.owes()) connection.changed();
  return got;
}

/// Cancels surplus requests; if an item is already on its way, takes it. Does not wait long for a
/// broker that does not answer.
bool Consumer::Impl::take_crossing(Connection::Lock& lock, Item& item) {
  session.request_now();
  connection.changed();
  const Time until = Connection::now() + crossing_limit;
  // Other threads may keep cancelling requests after this one: their answers are not waited for.
  const auto ticket = session.cancellation_ticket();
  while (!session.cancelled(ticket) && !session.closed()) {
    if (take_and_request(item)) return true;
    if (Connection::now() >= until) return refuse_crossing(), false;
    try {
      connection.wait_interruptibly(lock, until);
    } catch (...) {
      refuse_crossing();
      throw;
    }
  }
  return take_and_request(item);
}

/// Cancels surplus requests. If an item on its way then has no taker it is given back when it
/// comes.
void Consumer::Impl::refuse_crossing() {
  session.request_now();
  if (options.prefetch == 0) session.rest();
  connection.changed();
}

/// Takes items of request(), without waiting.
GetResult Consumer::Impl::take_requested(Item& item) {
  require_no_failure();
  if (session.closed()) return GetResult::closed;
  if (requested == 0 || !take(item)) return GetResult::time_up;
  --requested;
  session.unwant();
  return GetResult::item;
}

}  // namespace baton::internal
