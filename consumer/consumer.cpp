#include "consumer/consumer.hpp"

#include <algorithm>
#include <exception>

#include "consumer/consumer_impl.hpp"

namespace baton::internal {

SessionConfig session_config_of(const ConsumerOptions& options) {
  if (options.queues.empty() || options.queues.size() > max_queues)
    throw ClientError(ClientError::Kind::argument,
                      "a consumer names 1 to " + std::to_string(max_queues) + " queues");
  auto config = session_config(Role::consumer, options);
  for (const auto& queue : options.queues) {
    require_queue_name(queue);
    // Items name their queue by its index in this list, so each name must be unique.
    if (std::find(config.queues.begin(), config.queues.end(), queue) == config.queues.end())
      config.queues.push_back(queue);
  }
  require_client_name(options.name);
  config.name = options.name;
  config.named = !options.name.empty();
  return config;
}

std::optional<Settlement> Outcome::settlement(ItemId id) const {
  switch (what) {
    case What::ack:
      return Settlement{Settlement::Kind::done, id};
    case What::fail:
      return Settlement::failed(id, reason, delay);
    case What::release:
      return Settlement{Settlement::Kind::released, id};
    case What::keep:
      break;
  }
  return std::nullopt;
}

Consumer::Loss Consumer::Impl::take_loss() {
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

Consumer::Consumer(ConsumerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Consumer::~Consumer() {
  end();
  left_alone(impl_);
}

/// If they were released, the same item might end the same program forever.
void Consumer::end() noexcept {
  try {
    auto lock = impl_->connection.lock();
    auto& session = impl_->session;
    impl_->closing = true;  // its items may outlive it
    if (impl_->left || session.session().over()) return;
    session.fail_held("not settled when its consumer ended");
    session.close(Connection::now());
    impl_->connection.changed();
    wait_for_end(impl_->connection, lock, session.session());
  } catch (const std::exception&) {  // callers that want errors use close()
  }
}

bool Consumer::closing() {
  const auto lock = impl_->connection.lock();
  return impl_->closing;
}

bool Consumer::forked() const { return impl_->connection.forked(); }

GetResult Consumer::get_within(Item& item, TimeLimit within) {
  auto lock = impl_->connection.lock();
  const Duration limit = within;
  if (limit <= Duration::zero() && impl_->by_request) return impl_->take_requested(item);
  return impl_->get(lock, item, limit);
}

/// Requests all of them at once. Requests not answered along with the first one are cancelled.
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
    throw ClientError(ClientError::Kind::argument,
                      "more than " + std::to_string(max_requests) + " items are requested");
  impl_->by_request = true;
  impl_->requested += items;
  impl_->session.want(items);
  impl_->connection.changed();
}

bool Consumer::settle(const Item& item, const Settlement& settlement) {
  const auto lock = impl_->connection.lock();
  impl_->connection.changed();
  return impl_->session.settle(settlement, item.delivery_tag);
}

void Consumer::run(const Handler& handler, const RunOptions& options) {
  impl_->run(handler, options);
}

void Consumer::stop_run() {
  const auto lock = impl_->connection.lock();
  impl_->stop_run = true;
  impl_->connection.notify();
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
        if (impl_->session.flushed()) return true;
        impl_->session.want_flushed();
        impl_->connection.notify();
        return false;
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

bool Consumer::pause(TimeLimit time) {
  const Time until = deadline_after(Connection::now(), Duration(time));
  auto lock = impl_->connection.lock();
  const auto over = [this] {
    impl_->require_no_failure();
    return impl_->session.closed() || impl_->stop_run;
  };
  while (!over() && Connection::now() < until) impl_->connection.wait_interruptibly(lock, until);
  return over();
}

void Consumer::close(const std::optional<std::string>& failed, TimeLimit within) {
  auto lock = impl_->connection.lock();
  auto& session = impl_->session;
  if (impl_->left || (impl_->closing && session.session().over())) return;
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

}  // namespace baton::internal
