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

namespace baton {
namespace {

using Kind = ClientError::Kind;
using Timeout = std::optional<Duration>;

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
Outcome handle(const Handler& handler, const Item& item) {
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

/// Threads that run the same body, the one that calls run() among them.
class Crew {
 public:
  /// `on_error` is called as soon as a body throws.
  Crew(std::function<void()> body, std::function<void()> on_error)
      : body_(std::move(body)), on_error_(std::move(on_error)) {}

  /// Returns when all bodies have ended, and rethrows the first of their exceptions.
  void run(std::uint32_t count) {
    for (std::uint32_t i = 1; i < count; ++i) add();
    try {
      guarded();
    } catch (const abi::__forced_unwind&) {  // the caller's thread ends, and run() with it
      on_error_();
      join();
      throw;
    }
    join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void add() {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this] {
      try {
        guarded();
      } catch (const abi::__forced_unwind&) {  // another thread goes on in its place
        try {
          add();
        } catch (...) {
          note_error();
        }
        throw;
      }
    });
  }

  void guarded() {
    try {
      body_();
    } catch (const abi::__forced_unwind&) {
      throw;
    } catch (...) {
      note_error();
    }
  }

  void note_error() {
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
    on_error_();
  }

  /// Who is replaced has added the other one before it ends.
  void join() {
    if (forks() != forks_) return left_behind();
    for (std::size_t i = 0;; ++i) {
      std::unique_lock lock(mutex_);
      if (i == threads_.size()) return;
      auto thread = std::move(threads_[i]);
      lock.unlock();
      thread.join();
    }
  }

  /// A body has made this process by fork(): it has none of the threads.
  void left_behind() { static_cast<void>(new std::vector<std::thread>(std::move(threads_))); }

  const std::function<void()> body_, on_error_;
  const std::uint64_t forks_ = forks();
  std::mutex mutex_;  // guards what follows
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

}  // namespace

struct Consumer::Impl {
  explicit Impl(ConsumerOptions delivery)
      : options(std::move(delivery)),
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
  bool wait_for_item(Connection::Lock& lock, Item& item, Time until);
  bool get(Connection::Lock& lock, Item& item, Timeout timeout);
  void settle(const Item& item, std::optional<Outcome>& outcome);
  void forsake();
  template <class MayGet>
  void work(const Handler& handler, const RunOptions& run, MayGet may_get);

  const ConsumerOptions options;
  const OwnQueues own_queues{options.broker,
                             options.queues};  // what a producer of this process may be waiting for
  const int exceptions = std::uncaught_exceptions();  // that were on their way when it was made
  ConsumerSession session;
  Notices notices;
  Connection connection;  // the last: its thread ends first
};

bool Consumer::Impl::wait_for_item(Connection::Lock& lock, Item& item, Time until) {
  Time since = Connection::now(), look = notices.due(since);
  for (;;) {
    if (session.session().error()) throw_if_over(session.session(), connection);
    notices.in_touch(lock, session.session(), connection.broker());
    if (session.closed()) return false;
    if (take(item)) return true;
    const Time now = Connection::now();
    if (now >= until) return false;
    if (now >= look) {
      look = notices.due_again(session.session(), now);
      if (const auto why = why_wait(); !why.empty())
        notices.waited(lock, since, why, session.session());
      continue;
    }
    connection.wait(lock, std::min(until, look));
    if (look == never && !why_wait().empty()) look = Time::min();
  }
}

/// Another thread may wait for the request whose item this one takes: there is to be one more.
bool Consumer::Impl::take_and_request(Item& item) {
  if (!take(item)) return false;
  if (session.owes()) connection.changed();
  return true;
}

bool Consumer::Impl::get(Connection::Lock& lock, Item& item, Timeout timeout) {
  if (take_and_request(item)) return true;
  const Time until = timeout ? deadline_after(Connection::now(), *timeout) : never;
  session.want();
  if (timeout && *timeout <= Duration::zero()) session.request_now();
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
  session.request_now();  // takes the request back; an item may be on its way already
  connection.changed();
  // Other threads may take asks back later than this one, again and again: their answers are not
  // waited for.
  for (const auto ticket = session.cancellation_ticket();
       !session.cancelled(ticket) && !session.closed();) {
    if (take_and_request(item)) return true;
    connection.wait(lock);
  }
  return take_and_request(item);
}

/// Its user goes without a word on what is held. Delivery back, the same item might end the same
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
    if (!get(lock, item, {})) return;
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
  try {
    impl_->forsake();
    close();
  } catch (const std::exception&) {  // who wants to know calls close()
  }
  left_alone(impl_);
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
    if (!impl_->connection.forked()) stop();
  };
  Crew([&] { impl_->work(handler, options, may_get); }, on_error).run(std::max(options.jobs, 1u));
  const auto lock = impl_->connection.lock();
  impl_->session.rest();
  impl_->connection.changed();
}

void Consumer::print(std::string_view lines) {
  print_block(impl_->connection, impl_->session, impl_->notices, lines, impl_->options.tag);
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
  while (!impl_->session.closed() && Connection::now() < until) impl_->connection.wait(lock, until);
  return impl_->session.closed();
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

void Consumer::close() {
  auto lock = impl_->connection.lock();
  if (impl_->session.session().state() == ClientSession::State::ended) return;
  impl_->session.close(Connection::now());
  impl_->connection.changed();
  while (!impl_->session.session().over()) impl_->connection.wait(lock);
  if (impl_->session.session().error()) throw_if_over(impl_->session.session(), impl_->connection);
}

}  // namespace baton
