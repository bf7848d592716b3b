#include "producer/producer.hpp"

#include <limits>

#include "client/common.hpp"
#include "client/own_queues.hpp"

namespace baton::internal {
namespace {

using Kind = ClientError::Kind;

[[noreturn]] void refuse(const std::string& why) { throw ClientError(Kind::argument, why); }

SessionConfig config_of(const ProducerOptions& options) {
  require_queue_name(options.queue);
  require_client_name(options.name);
  auto config = session_config(Role::producer, options);
  config.queues = {options.queue};
  config.named = !options.name.empty();
  config.name = config.named ? options.name : to_hex(random_session());
  return config;
}

std::string queue_is(const std::string& queue, std::string_view how) {
  return "queue '" + queue + "' is " + std::string(how);
}

std::string held_text(Held held, const BrokerAddress& broker, const std::string& queue) {
  const auto* own =
      OwnQueues::contain(broker, queue)
          ? ", and this process consumes it: if all its handlers wait for room, none is made"
          : "";
  switch (held) {
    case Held::queue_items:
      return queue_is(queue, "full (its limit of items is reached)") + own;
    case Held::queue_bytes:
      return queue_is(queue, "full (its limit of bytes is reached)") + own;
    case Held::storage:
      return "the broker's storage is full or fails";
    case Held::paused:
      return queue_is(queue, "paused");
    default:
      return queue_is(queue, "held back by the broker");
  }
}

}  // namespace

struct Producer::Impl {
  explicit Impl(ProducerOptions given)
      : options(std::move(given)),
        session(config_of(options)),
        notices(options.on_notice),
        connection(options.broker, session, options.runtime) {}

  std::string why_silent() const {
    const bool silent = session.session().out_of_touch(Connection::now());
    return silent ? no_contact(session.session(), connection) : std::string();
  }

  /// join() is there to wait for unfinished items; only the lack of any consumer is worth a notice.
  std::string why_unsettled() const {
    const Time now = Connection::now();
    if (session.session().out_of_touch(now)) return why_silent();
    return session.has_no_consumer(now) ? "no consumer asks for queue '" + options.queue + "'"
                                        : std::string();
  }

  std::string why_wait() const {
    if (session.session().out_of_touch(Connection::now())) return why_silent();
    const auto wait = session.why_wait(Connection::now());
    switch (wait.why) {
      case PutWait::Why::credit:
        return held_text(wait.held, options.broker, options.queue);
      default:
        return "the broker has not confirmed earlier items yet";
    }
  }

  void require_open() const {
    if (closing) throw ClientError(Kind::closed, "the producer is closed");
    if (stopped) throw ClientError(Kind::stopped, "the producer was stopped");
  }

  void require_not_closing() {
    const auto lock = connection.lock();
    if (closing) throw ClientError(Kind::closed, "the producer is closed");
  }

  template <class Ready>
  bool wait(Connection::Lock& lock, Ready ready, Time until = never) {
    return wait_until_ready(
        connection, lock, notices, session.session(),
        [&] {
          require_open();
          return ready();
        },
        [&] { return why_wait(); }, until);
  }

  bool wait_to_put(Connection::Lock& lock, Time until) {
    const auto may_put = [&] {
      if (session.session().closing()) throw ClientError(Kind::closed, "the producer is closed");
      if (session.session().shutdown())
        throw ClientError(Kind::shutdown, "the system is shutting down");
      return session.may_put();
    };
    return wait(lock, may_put, until);
  }

  /// Closes the session and waits for the answer.
  void leave(Connection::Lock& lock, Time until = never) {
    session.close(Connection::now());
    connection.changed();
    left = !wait_for_end(connection, lock, session.session(), until);
    if (left) throw_unconfirmed(connection);
  }

  const ProducerOptions options;
  ProducerSession session;
  Notices notices;
  bool stopped = false, closing = false;
  bool left = false;           // by a close() that was not confirmed in time
  std::optional<bool> places;  // whether its items have a place
  Connection connection;       // declared last: its thread ends first
};

Producer::Producer(ProducerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Producer::~Producer() {
  try {
    auto lock = impl_->connection.lock();
    if (!impl_->left) impl_->leave(lock);
  } catch (const std::exception&) {  // callers that want errors use close()
  }
  left_alone(impl_);
}

std::optional<SeqNo> Producer::put_within(std::string_view body, TimeLimit within,
                                          const PutOptions& options) {
  if (body.size() > max_body)
    refuse("an item's body is longer than " + std::to_string(max_body) + " bytes");
  if (options.priority > max_priority) refuse("a priority is 0 to " + std::to_string(max_priority));
  if (options.delay.count() < 0 ||
      options.delay.count() > std::numeric_limits<std::uint32_t>::max())
    refuse("a delay is 0 ms to 49 days");
  auto& session = impl_->session;
  auto lock = impl_->connection.lock();
  if (!session.may_put() || session.session().shutdown() || impl_->stopped || impl_->closing) {
    const Time until = deadline_after(Connection::now(), Duration(within));
    if (!impl_->wait_to_put(lock, until)) return std::nullopt;
  }
  if (impl_->places.value_or(options.place.has_value()) != options.place.has_value())
    refuse("all of a producer's items have a place in its input, or none");
  impl_->places = options.place.has_value();
  const PutItem item{options.priority, static_cast<std::uint32_t>(options.delay.count()), body};
  if (options.place)
    session.put(item, *options.place);
  else
    session.put(item);
  impl_->connection.changed();
  return session.last_put();
}

bool Producer::try_flush(TimeLimit within) {
  auto lock = impl_->connection.lock();
  return impl_->wait(
      lock, [this] { return impl_->session.flushed(); },
      deadline_after(Connection::now(), Duration(within)));
}

bool Producer::try_join(TimeLimit within) {
  auto lock = impl_->connection.lock();
  impl_->session.join();
  impl_->connection.changed();
  return wait_until_ready(
      impl_->connection, lock, impl_->notices, impl_->session.session(),
      [this] {
        impl_->require_open();
        return impl_->session.joined();
      },
      [this] { return impl_->why_unsettled(); },
      deadline_after(Connection::now(), Duration(within)));
}

Settled Producer::settled() {
  const auto lock = impl_->connection.lock();
  return impl_->session.settled();
}

Settled Producer::counts() {
  const auto lock = impl_->connection.lock();
  return impl_->session.counts();
}

bool Producer::try_print(std::string_view lines, TimeLimit within) {
  impl_->require_not_closing();
  return print_block(impl_->connection, impl_->session, impl_->notices, lines, impl_->options.tag,
                     within);
}

std::optional<std::vector<Checkpoint>> Producer::already_put_within(TimeLimit within) {
  auto lock = impl_->connection.lock();
  const Time until = deadline_after(Connection::now(), Duration(within));
  if (!impl_->wait(
          lock, [this] { return impl_->session.session().was_welcomed(); }, until))
    return std::nullopt;
  return impl_->session.already_put();
}

bool Producer::in_touch() {
  const auto lock = impl_->connection.lock();
  return !impl_->session.session().out_of_touch(Connection::now());
}

void Producer::stop() {
  const auto lock = impl_->connection.lock();
  impl_->stopped = true;
  if (!impl_->session.session().was_welcomed())
    impl_->session.close(Connection::now());  // so that print() need not wait, either
  impl_->connection.notify();
}

void Producer::close(TimeLimit within) {
  auto& session = impl_->session;
  auto lock = impl_->connection.lock();
  if (impl_->left || (impl_->closing && session.session().over())) return;
  const Time until = deadline_after(Connection::now(), Duration(within));
  impl_->closing = true;
  impl_->connection.notify();
  const auto flushed = [&] {
    return session.flushed() || impl_->stopped || !session.session().was_welcomed();
  };
  static_cast<void>(wait_until_ready(
      impl_->connection, lock, impl_->notices, session.session(), flushed,
      [&] { return impl_->why_wait(); }, until));
  impl_->leave(lock, until);
}

void Producer::interrupt() { impl_->connection.interrupt(); }

int Producer::event_fd() {
  const auto lock = impl_->connection.lock();
  return impl_->connection.event_fd();
}

void Producer::take_event() {
  const auto lock = impl_->connection.lock();
  impl_->connection.take_event();
}

}  // namespace baton::internal
