#include "consumer/consumer.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <thread>

#include "client/common.hpp"
#include "consumer/consumer_session.hpp"

namespace baton {
namespace {

using Kind = ClientError::Kind;
using Timeout = std::optional<Duration>;

SessionConfig config_of(const ConsumerOptions& options) {
  if (options.queues.empty() || options.queues.size() > max_queues)
    throw ClientError(Kind::argument, "a consumer names 1 to " + std::to_string(max_queues) + " queues");
  auto config = session_config(Role::consumer, options);
  for (const auto& queue : options.queues) {
    if (!valid_queue_name(queue))
      throw ClientError(Kind::argument,
                        "'" + queue + "' is no queue name: " + std::string(meaning(Refusal::queue_name)));
    // Items name their queue by its place in the list, in which the broker hears each name once.
    if (std::find(config.queues.begin(), config.queues.end(), queue) == config.queues.end())
      config.queues.push_back(queue);
  }
  if (options.name.size() > max_client_name) throw ClientError(Kind::argument, "the consumer's name is too long");
  config.name = options.name;
  config.named = !options.name.empty();
  return config;
}

std::uint32_t delay_of(std::chrono::milliseconds delay) {
  if (delay.count() < 0 || delay.count() > std::numeric_limits<std::uint32_t>::max())
    throw ClientError(Kind::argument, "a delay is 0 ms to 49 days");
  return static_cast<std::uint32_t>(delay.count());
}

/// Whichever item is held by that id.
Item of_id(ItemId id) {
  Item item;
  item.id = id;
  return item;
}

Outcome handle(const Handler& handler, const Item& item) {
  try {
    return handler(item);
  } catch (const std::exception& error) {
    return Outcome::failed(error.what());
  } catch (...) {
    return Outcome::failed("the handler threw what is no std::exception");
  }
}

/// Runs `body` on `count` threads, this one included, and rethrows the first of their exceptions when all have ended.
/// `on_error` is called as soon as there is one.
template <class Body, class OnError>
void run_on_threads(std::uint32_t count, Body body, OnError on_error) {
  std::mutex mutex;
  std::exception_ptr error;
  const auto guarded = [&] {
    try {
      body();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      on_error();
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i < count; ++i) threads.emplace_back(guarded);
  guarded();
  for (auto& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace

struct Consumer::Impl {
  explicit Impl(ConsumerOptions given)
      : options(std::move(given)),
        session(config_of(options), options.prefetch),
        notices(options.on_notice),
        connection(options.broker, session) {}

  bool take(Item& item) {
    Given given;
    if (!session.take(given, Connection::now())) return false;
    item.id = given.id;
    item.queue = session.queue_name(given.queue);
    item.body.assign(given.body);
    item.attempt = given.attempt;
    item.priority = given.priority;
    item.take = session.taken();
    return true;
  }

  std::string why_wait() const {
    const auto& standing = session.session();
    return standing.full() || standing.out_of_touch(Connection::now()) ? no_contact(standing, options.broker)
                                                                       : std::string();
  }

  bool take_and_ask(Item& item);
  bool wait_for_item(Connection::Lock& lock, Item& item, Time until);
  bool get(Connection::Lock& lock, Item& item, Timeout timeout);
  void settle(const Item& item, std::optional<Outcome>& outcome);
  template <class MayGet>
  void work(const Handler& handler, const RunOptions& run, MayGet may_get);

  const ConsumerOptions options;
  ConsumerSession session;
  Notices notices;
  Connection connection;  // the last: its thread ends first
};

bool Consumer::Impl::wait_for_item(Connection::Lock& lock, Item& item, Time until) {
  Time since = Connection::now(), look = notices.due(since);
  for (;;) {
    if (session.session().error()) throw_if_over(session.session(), connection);
    if (session.closed()) return false;
    if (take(item)) return true;
    const Time now = Connection::now();
    if (now >= until) return false;
    if (now >= look) {
      look = never;
      if (const auto why = why_wait(); !why.empty()) notices.waited(lock, since, why);
      continue;
    }
    connection.wait(lock, std::min(until, look));
    if (look == never && !why_wait().empty()) look = Time::min();
  }
}

/// Another thread may wait for the ask whose item this one takes: there is to be one more.
bool Consumer::Impl::take_and_ask(Item& item) {
  if (!take(item)) return false;
  if (session.owes()) connection.changed();
  return true;
}

bool Consumer::Impl::get(Connection::Lock& lock, Item& item, Timeout timeout) {
  if (take_and_ask(item)) return true;
  const Time until = timeout ? deadline_after(Connection::now(), *timeout) : never;
  session.want();
  if (timeout && *timeout <= Duration::zero()) session.ask_now();
  connection.changed();
  bool got = false;
  try {
    got = wait_for_item(lock, item, until);
  } catch (...) {
    session.unwant();
    throw;
  }
  session.unwant();
  if (session.owes()) connection.changed();
  if (got || session.closed()) return got;
  session.ask_now();  // takes the ask back; an item may be on its way already
  connection.changed();
  // Other threads may take asks back later than this one, again and again: their answers are not waited for.
  for (const auto ticket = session.withdraws(); !session.withdrawn(ticket) && !session.closed();) {
    if (take_and_ask(item)) return true;
    connection.wait(lock);
  }
  return take_and_ask(item);
}

/// Requires the lock. Leaves `outcome` empty.
void Consumer::Impl::settle(const Item& item, std::optional<Outcome>& outcome) {
  if (!outcome) return;
  switch (outcome->what) {
    case Outcome::What::ack:
      session.ack(item.id, item.take);
      break;
    case Outcome::What::fail:
      session.fail(item.id, delay_of(outcome->delay), outcome->reason, item.take);
      break;
    case Outcome::What::release:
      session.release(item.id, item.take);
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
    if (run.before_ask) {
      lock.unlock();
      run.before_ask();
      lock.lock();
    }
    if (!get(lock, item, {})) return;
    lock.unlock();
    outcome = handle(handler, item);
  }
  const auto lock = connection.lock();
  settle(item, outcome);
}

Consumer::Consumer(ConsumerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Consumer::~Consumer() {
  try {
    close();
  } catch (const std::exception&) {  // who wants to know calls close()
  }
}

bool Consumer::get(Item& item, std::optional<TimeLimit> timeout) {
  auto lock = impl_->connection.lock();
  return impl_->get(lock, item, timeout);
}

std::optional<Item> Consumer::get(std::optional<TimeLimit> timeout) {
  Item item;
  if (!get(item, timeout)) return std::nullopt;
  return item;
}

bool Consumer::ack(const Item& item) {
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.ack(item.id, item.take);
}

bool Consumer::fail(const Item& item, std::string_view reason, std::chrono::milliseconds delay) {
  const auto delay_ms = delay_of(delay);
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.fail(item.id, delay_ms, reason, item.take);
}

bool Consumer::release(const Item& item) {
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.release(item.id, item.take);
}

bool Consumer::ack(ItemId id) { return ack(of_id(id)); }
bool Consumer::fail(ItemId id, std::string_view reason, std::chrono::milliseconds delay) {
  return fail(of_id(id), reason, delay);
}
bool Consumer::release(ItemId id) { return release(of_id(id)); }

void Consumer::run(const Handler& handler, const RunOptions& options) {
  std::atomic<std::uint64_t> left = options.count > 0 ? options.count : std::numeric_limits<std::uint64_t>::max();
  const auto may_get = [&left] {
    auto now = left.load();
    while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
    }
    return now > 0;
  };
  run_on_threads(
      std::max(options.jobs, 1u), [&] { impl_->work(handler, options, may_get); }, [this] { stop(); });
  stop();
}

void Consumer::say(std::string_view lines) {
  say_block(impl_->connection, impl_->session, impl_->notices, lines, impl_->options.tag);
}

void Consumer::stop() {
  const auto lock = impl_->connection.lock();
  impl_->session.drain();
  if (!impl_->session.session().was_welcomed()) impl_->session.bye(Connection::now());  // say() need not wait, either
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
  while (!impl_->session.closed() && Connection::now() < until) impl_->connection.wait(lock, until);
  return impl_->session.closed();
}

void Consumer::close() {
  auto lock = impl_->connection.lock();
  if (impl_->session.session().state() == Session::State::ended) return;
  impl_->session.bye(Connection::now());
  impl_->connection.changed();
  while (!impl_->session.session().over()) impl_->connection.wait(lock);
  if (impl_->session.session().error()) throw_if_over(impl_->session.session(), impl_->connection);
}

}  // namespace baton
