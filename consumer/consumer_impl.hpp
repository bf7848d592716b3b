// The implementation of Consumer, in three files: consumer.cpp has the non-blocking part,
// getting.cpp the waiting for items, working.cpp run(). Functions that take a lock require the
// connection's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/common.hpp"
#include "client/own_queues.hpp"
#include "consumer/consumer.hpp"
#include "consumer/consumer_session.hpp"

namespace baton::internal {

using Timeout = std::optional<Duration>;

/// Throws ClientError (argument) for invalid names.
SessionConfig session_config_of(const ConsumerOptions& options);

struct Consumer::Impl {
  explicit Impl(ConsumerOptions given)
      : options(std::move(given)),
        session(session_config_of(options), options.prefetch),
        notices(options.on_notice),
        connection(options.broker, session, options.runtime) {}

  bool take(Item& item) {
    Delivery delivery;
    if (!session.take(delivery, item.body, Connection::now())) return false;
    item.id = delivery.id;
    item.queue = session.queue_name(delivery.queue);
    item.attempt = delivery.attempt;
    item.priority = delivery.priority;
    item.delivery_tag = session.last_tag();
    return true;
  }

  std::string why_wait() const;
  bool take_and_request(Item& item);
  GetResult wait_for_item(Connection::Lock& lock, Item& item, Time until, bool of_run);
  GetResult get(Connection::Lock& lock, Item& item, Timeout timeout, bool of_run = false);
  GetResult wait_wanting(Connection::Lock& lock, Item& item, Timeout timeout, std::size_t count,
                         bool of_run);
  bool take_crossing(Connection::Lock& lock, Item& item);
  void refuse_crossing();
  GetResult take_requested(Item& item);
  void require_open() const {
    if (closing) throw ClientError(ClientError::Kind::closed, "the consumer is closed");
  }
  /// Throws the error that ended the session. After a close that is not news: it is closed.
  void require_no_failure() const {
    if (session.session().error() && !closing) throw_if_over(session.session(), connection);
  }
  class Ending;
  void settle(const Item& item, const Outcome& outcome);
  void run(const Handler& handler, const RunOptions& how);
  void work(const Handler& handler, const RunOptions& run, const std::function<bool()>& may_get);

  StopReason stop_reason(const Item& item) const {
    if (closing) return StopReason::closed;
    if (!session.holds(item.id, item.delivery_tag) || session.session().error())
      return StopReason::lost;
    return stop_run ? StopReason::stopped : StopReason::none;
  }

  std::string why_unconfirmed() const {
    if (session.session().out_of_touch(Connection::now()))
      return no_contact(session.session(), connection);
    return "the broker has not confirmed earlier items yet";
  }

  bool has_loss() {
    if (losses.items.empty() && session.has_losses()) losses = session.take_losses();
    return !losses.items.empty();
  }

  Loss take_loss();

  const ConsumerOptions options;
  // A producer of this process may wait for them.
  const OwnQueues own_queues{options.broker, options.queues};
  ConsumerSession session;
  Notices notices;
  bool by_request = false;      // request() was called
  std::uint32_t requested = 0;  // by request(), not taken yet
  Losses losses;                // not reported yet
  std::size_t losses_told = 0;
  bool stop_run = false;
  bool closing = false, left = false;  // by close(within) / that was not confirmed in time
  Connection connection;               // declared last: its thread ends first
};

}  // namespace baton::internal
