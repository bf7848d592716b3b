#include "consumer/consumer.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

#include "client/common.hpp"
#include "client/own_queues.hpp"
#include "consumer/consumer_session.hpp"
#include "consumer/crew.hpp"

namespace baton::internal {
namespace {

using Kind = ClientError::Kind;
using Timeout = std::optional<Duration>;

/// How long the broker's word is waited for that no item crosses a cancelled request.
constexpr Duration crossing_limit = std::chrono::milliseconds(100);

SessionConfig config_of(const ConsumerOptions& options) {
  if (options.queues.empty() || options.queues.size() > max_queues)
    throw ClientError(Kind::argument,
                      "a consumer names 1 to " + std::to_string(max_queues) + " queues");
  auto config = session_config(Role::consumer, options);
  for (const auto& queue : options.queues) {
    if (!valid_queue_name(queue))
      throw ClientError(Kind::argument, "'" + queue + "' is no queue name: " +
                                            std::string(meaning(Refusal::queue_name)));
    // Items name their queue by its place in the list, in which the broker hears each name once.
    if (std::find(config.queues.begin(), config.queues.end(), queue) == config.queues.end())
      config.queues.push_back(queue);
  }
  if (options.name.size() > max_client_name)
    throw ClientError(Kind::argument, "the consumer's name is too long");
  config.name = options.name;
  config.named = !options.name.empty();
  return config;
}

std::uint32_t delay_of(std::chrono::milliseconds delay) {
  constexpr std::chrono::milliseconds longest(std::numeric_limits<std::uint32_t>::max());
  return static_cast<std::uint32_t>(
      std::clamp(delay, std::chrono::milliseconds(0), longest).count());
}

/// Whichever item is held by that id.
Item of_id(ItemId id) {
  Item item;
  item.id = id;
  return item;
}

/// Throws abi::__forced_unwind when the handler ends its thread: that can only be passed on.
Outcome handle(const Handler& handler, Item& item) {
  try {
    return handler(item);
  } catch (const std::exception& error) {
    return Outcome::failed(error.what());
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return Outcome::failed("the handler threw what is no std::exception");
  }
}

}  // namespace

struct Consumer::Impl {
  explicit Impl(ConsumerOptions given)
      : options(std::move(given)),
        session(config_of(options), options.prefetch),
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

  std::string why_wait() const {
    const auto& standing = session.session();
    const Time now = Connection::now();
    if (standing.full() || standing.out_of_touch(now)) return no_contact(standing, connection);
    const auto port = session.unreachable_port(now);
    if (!port) return {};
    return "cannot reach port " + std::to_string(*port) + " of " + options.broker.host +
           ", where its items come from: open it, or start the broker with --delivery-ports A-B "
           "and publish these ports under the same numbers";
  }

  bool take_and_request(Item& item);
  GetResult wait_for_item(Connection::Lock& lock, Item& item, Time until, bool of_run);
  GetResult get(Connection::Lock& lock, Item& item, Timeout timeout, bool of_run = false);
  GetResult wait_wanting(Connection::Lock& lock, Item& item, Timeout timeout, std::size_t count,
                         bool of_run);
  bool take_crossing(Connection::Lock& lock, Item& item);
  void refuse_crossing();
  GetResult take_requested(Item& item);
  void require_open() const {
    if (closing) throw ClientError(Kind::closed, "the consumer is closed");
  }
  void settle(const Item& item, std::optional<Outcome>& outcome);
  void forsake();
  template <class MayGet>
  void work(const Handler& handler, const RunOptions& run, MayGet may_get);

  /// While run() is at work.
  class Running {
   public:
    explicit Running(Impl& impl) : impl_(impl) {
      const auto lock = impl_.connection.lock();
      ++impl_.runs;
    }
    ~Running() {
      if (impl_.connection.forked()) return;
      const auto lock = impl_.connection.lock();
      if (--impl_.runs == 0) impl_.stop_run = false;
      impl_.session.rest();
      impl_.connection.changed();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Impl& impl_;
  };

  StopReason stop_reason(const Item& item) const {
    if (closing) return StopReason::closed;
    if (!session.holds(item.id, item.delivery_tag)) return StopReason::lost;
    return stop_run || (session.draining() && !session.resting()) ? StopReason::stopped
                                                                  : StopReason::none;
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

  Loss take_loss() {
    if (losses_told == losses.items.size()) {
      const Loss more{{}, false, losses.dropped};
      losses = {};
      losses_told = 0;
      return more;
    }
    const auto& item = losses.items[losses_told++];
    const Loss loss{item.id, item.settled, 1};
    if (losses_told == losses.items.size() && losses.dropped == 0) {
      losses = {};
      losses_told = 0;
    }
    return loss;
  }

  const ConsumerOptions options;
  const OwnQueues own_queues{options.broker,
                             options.queues};  // what a producer of this process may be waiting for
  const int exceptions = std::uncaught_exceptions();  // that were on their way when it was made
  ConsumerSession session;
  Notices notices;
  bool by_request = false;      // request() was called
  std::uint32_t requested = 0;  // by it, not taken
  Losses losses;                // not told
  std::size_t losses_told = 0;
  int runs = 0;  // at work
  bool stop_run = false;
  bool closing = false, left = false;  // by a close(within); and it was not confirmed in its time
  Connection connection;               // the last: its thread ends first
};

GetResult Consumer::Impl::wait_for_item(Connection::Lock& lock, Item& item, Time until,
                                        bool of_run) {
  Time since = Connection::now(), look = notices.due(since);
  for (;;) {
    if (session.session().error()) throw_if_over(session.session(), connection);
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

/// Another thread may wait for the request whose item this one takes: there is to be one more.
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

/// Waits for an item while `count` of them are wanted.
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

/// Takes back what is requested beyond what is wanted; an item may be on its way already, and is
/// taken. A broker that does not answer is not waited for long.
bool Consumer::Impl::take_crossing(Connection::Lock& lock, Item& item) {
  session.request_now();
  connection.changed();
  const Time until = Connection::now() + crossing_limit;
  // Other threads may take requests back later than this one, again and again: their answers are
  // not waited for.
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

/// Takes back what is requested beyond what is wanted. Where nobody waits for an item that is on
/// its way already it is given back when it comes.
void Consumer::Impl::refuse_crossing() {
  session.request_now();
  if (options.prefetch == 0) session.rest();
  connection.changed();
}

/// Of request(), without waiting.
GetResult Consumer::Impl::take_requested(Item& item) {
  if (session.session().error()) throw_if_over(session.session(), connection);
  if (session.closed()) return GetResult::closed;
  if (requested == 0 || !take(item)) return GetResult::time_up;
  --requested;
  session.unwant();
  return GetResult::item;
}

/// Its user goes without a word on what is held. Given back, the same item might end the same
/// program for ever.
void Consumer::Impl::forsake() {
  const bool thrown = std::uncaught_exceptions() > exceptions;
  const auto lock = connection.lock();
  session.fail_held(thrown ? "its consumer ended by an exception"
                           : "not settled when its consumer ended");
}

/// Requires the lock. Leaves `outcome` empty.
void Consumer::Impl::settle(const Item& item, std::optional<Outcome>& outcome) {
  if (!outcome) return;
  switch (outcome->what) {
    case Outcome::What::ack:
      session.ack(item.id, item.delivery_tag);
      break;
    case Outcome::What::fail:
      session.fail(item.id, delay_of(outcome->delay), outcome->reason, item.delivery_tag);
      break;
    case Outcome::What::release:
      session.release(item.id, item.delivery_tag);
      break;
    case Outcome::What::keep:
      break;
  }
  outcome.reset();
  connection.changed();
}

/// One job of run(): settles an item and gets the next one under one lock.
template <class MayGet>
void Consumer::Impl::work(const Handler& handler, const RunOptions& run, MayGet may_get) {
  Item item;
  std::optional<Outcome> outcome;
  while (may_get()) {
    auto lock = connection.lock();
    settle(item, outcome);
    if (run.before_request) {
      lock.unlock();
      run.before_request();
      lock.lock();
    }
    if (stop_run || get(lock, item, {}, true) != GetResult::item) return;
    lock.unlock();
    try {
      outcome = handle(handler, item);
    } catch (const abi::__forced_unwind&) {
      lock.lock();
      outcome = Outcome::failed("its handler ended its thread");
      settle(item, outcome);
      throw;
    }
  }
  const auto lock = connection.lock();
  settle(item, outcome);
}

Consumer::Consumer(ConsumerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Consumer::~Consumer() {
  end();
  left_alone(impl_);
}

void Consumer::end() noexcept {
  try {
    if (impl_->left) return;
    impl_->forsake();
    close();
  } catch (const std::exception&) {  // close() says it to those that want to know
  }
}

bool Consumer::closing() {
  const auto lock = impl_->connection.lock();
  return impl_->closing;
}

bool Consumer::forked() const { return impl_->connection.forked(); }

bool Consumer::get(Item& item, std::optional<TimeLimit> timeout) {
  auto lock = impl_->connection.lock();
  return impl_->get(lock, item, timeout) == GetResult::item;
}

GetResult Consumer::get_within(Item& item, TimeLimit within) {
  auto lock = impl_->connection.lock();
  const Duration limit = within;
  if (limit <= Duration::zero() && impl_->by_request) return impl_->take_requested(item);
  return impl_->get(lock, item, limit);
}

/// Requests all of them at once. What does not come along with the first one is taken back.
GetResult Consumer::get_batch(std::vector<Item>& items, std::size_t most, TimeLimit within) {
  auto lock = impl_->connection.lock();
  const auto full = items.size() + most;
  const Timeout timeout = Duration(within);
  Item item;
  const auto add = [&] {
    items.push_back(std::move(item));
    item = {};
    return items.size() < full;
  };
  auto got = GetResult::item;
  if (!impl_->take_and_request(item))
    got =
        impl_->wait_wanting(lock, item, timeout, std::min<std::size_t>(most, max_requests), false);
  if (got == GetResult::time_up && impl_->take_crossing(lock, item)) got = GetResult::item;
  if (got != GetResult::item) return got;
  while (add() && impl_->take(item)) {
  }
  while (items.size() < full && impl_->take_crossing(lock, item)) add();
  impl_->refuse_crossing();
  return GetResult::item;
}

void Consumer::request(std::uint32_t items) {
  const auto lock = impl_->connection.lock();
  impl_->require_open();
  if (items > max_requests - impl_->requested)
    throw ClientError(Kind::argument,
                      "more than " + std::to_string(max_requests) + " items are requested");
  impl_->by_request = true;
  impl_->requested += items;
  impl_->session.want(items);
  impl_->connection.changed();
}

std::optional<Item> Consumer::get(std::optional<TimeLimit> timeout) {
  Item item;
  if (!get(item, timeout)) return std::nullopt;
  return item;
}

bool Consumer::ack(const Item& item) {
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.ack(item.id, item.delivery_tag);
}

bool Consumer::fail(const Item& item, std::string_view reason, std::chrono::milliseconds delay) {
  const auto delay_ms = delay_of(delay);
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.fail(item.id, delay_ms, reason, item.delivery_tag);
}

bool Consumer::release(const Item& item) {
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.release(item.id, item.delivery_tag);
}

bool Consumer::ack(ItemId id) { return ack(of_id(id)); }
bool Consumer::fail(ItemId id, std::string_view reason, std::chrono::milliseconds delay) {
  return fail(of_id(id), reason, delay);
}
bool Consumer::release(ItemId id) { return release(of_id(id)); }

void Consumer::run(const Handler& handler, const RunOptions& options) {
  std::atomic<std::uint64_t> left =
      options.count > 0 ? options.count : std::numeric_limits<std::uint64_t>::max();
  const auto may_get = [&left] {
    auto now = left.load();
    while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
    }
    return now > 0;
  };
  const auto on_error = [this] {
    if (!impl_->connection.forked()) stop_run();
  };
  const Impl::Running running(*impl_);
  Crew([&] { impl_->work(handler, options, may_get); }, on_error).run(std::max(options.jobs, 1u));
}

void Consumer::stop_run() {
  const auto lock = impl_->connection.lock();
  impl_->stop_run = true;
  impl_->connection.notify();
}

void Consumer::print(std::string_view lines) {
  static_cast<void>(try_print(lines, Duration::max()));
}

bool Consumer::try_print(std::string_view lines, TimeLimit within) {
  return print_block(impl_->connection, impl_->session, impl_->notices, lines, impl_->options.tag,
                     within);
}

bool Consumer::try_flush(TimeLimit within) {
  auto lock = impl_->connection.lock();
  return wait_until_ready(
      impl_->connection, lock, impl_->notices, impl_->session.session(),
      [this] {
        impl_->require_open();
        impl_->session.want_flushed();
        return impl_->session.flushed();
      },
      [this] { return impl_->why_unconfirmed(); },
      deadline_after(Connection::now(), Duration(within)));
}

std::optional<Consumer::Loss> Consumer::next_loss(TimeLimit within) {
  auto lock = impl_->connection.lock();
  const bool some = wait_until_ready(
      impl_->connection, lock, impl_->notices, impl_->session.session(),
      [this] {
        if (impl_->has_loss()) return true;
        impl_->require_open();
        return false;
      },
      [this] { return impl_->why_wait(); }, deadline_after(Connection::now(), Duration(within)));
  if (!some) return std::nullopt;
  return impl_->take_loss();
}

StopReason Consumer::stop_reason(const Item& item) {
  const auto lock = impl_->connection.lock();
  return impl_->stop_reason(item);
}

StopReason Consumer::wait_stop(const Item& item, TimeLimit within) {
  auto lock = impl_->connection.lock();
  const Time until = deadline_after(Connection::now(), Duration(within));
  for (;;) {
    const auto reason = impl_->stop_reason(item);
    if (reason != StopReason::none || Connection::now() >= until) return reason;
    impl_->connection.wait_interruptibly(lock, until);
  }
}

void Consumer::interrupt() { impl_->connection.interrupt(); }

int Consumer::event_fd() {
  const auto lock = impl_->connection.lock();
  return impl_->connection.event_fd();
}

void Consumer::take_event() {
  const auto lock = impl_->connection.lock();
  impl_->connection.take_event();
}

bool Consumer::in_touch() {
  const auto lock = impl_->connection.lock();
  return !impl_->session.session().out_of_touch(Connection::now());
}

bool Consumer::shutdown() {
  const auto lock = impl_->connection.lock();
  return impl_->session.session().shutdown();
}

void Consumer::stop() {
  const auto lock = impl_->connection.lock();
  impl_->session.drain();
  if (!impl_->session.session().was_welcomed())
    impl_->session.close(Connection::now());  // print() need not wait, either
  impl_->connection.changed();
  impl_->connection.notify();
}

bool Consumer::closed() {
  const auto lock = impl_->connection.lock();
  return impl_->session.closed();
}

bool Consumer::pause(TimeLimit time) {
  const Time until = deadline_after(Connection::now(), Duration(time));
  auto lock = impl_->connection.lock();
  const auto over = [this] { return impl_->session.closed() || impl_->stop_run; };
  while (!over() && Connection::now() < until) impl_->connection.wait_interruptibly(lock, until);
  return over();
}

void Consumer::give_up(std::chrono::milliseconds within) {
  const Time until = deadline_after(Connection::now(), within);
  auto lock = impl_->connection.lock();
  impl_->session.give_up(Connection::now());
  impl_->connection.changed();
  impl_->connection.notify();
  while (!impl_->session.session().over() && Connection::now() < until)
    impl_->connection.wait(lock, until);
}

void Consumer::close(const std::optional<std::string>& failed, TimeLimit within) {
  auto lock = impl_->connection.lock();
  auto& session = impl_->session;
  if (impl_->left || session.session().state() == ClientSession::State::ended) return;
  if (failed)
    session.fail_held(*failed);
  else
    session.release_held();
  impl_->closing = true;
  session.close(Connection::now());
  impl_->connection.changed();
  impl_->connection.notify();
  const Time until = deadline_after(Connection::now(), Duration(within));
  impl_->left = !wait_for_end(impl_->connection, lock, session.session(), until, true);
  if (impl_->left) throw_unconfirmed(impl_->connection);
}

void Consumer::close() {
  auto lock = impl_->connection.lock();
  if (impl_->session.session().state() == ClientSession::State::ended) return;
  impl_->session.close(Connection::now());
  impl_->connection.changed();
  wait_for_end(impl_->connection, lock, impl_->session.session());
}

}  // namespace baton::internal
