#include "broker/server.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "broker/received_limit.hpp"
#include "broker/turned_away.hpp"
#include "net/receive.hpp"
#include "net/sockets.hpp"
#include "os/log.hpp"
#include "os/stop_signals.hpp"
#include "os/uninterrupted.hpp"
#include "proto/counted.hpp"

namespace baton::internal::broker {
namespace {

// Nearly all are links; fewer if the limit of open files is low.
constexpr int most_sockets = 10'000;
constexpr Duration notifications_share = 1ms;  // at most, of a turn
constexpr Duration last_share = 2s;            // at most, of the last turn
constexpr Duration same_signal = 250ms;        // `timeout` sends two signals in a row
constexpr Duration control_share = 1ms;
constexpr Duration put_share = 1ms;
constexpr Duration link_retry = 1ms;  // while a consumer has requested and not quite connected

int signal_descriptor() {
  const auto set = stop_signals();
  const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

/// After the reason why an address cannot be bound.
std::string what_to_do(int error) {
  switch (error) {
    case EADDRINUSE:
      return " (another broker or program uses it: end that one, or give another --port)";
    case EADDRNOTAVAIL:
    case ENODEV:
      return " (give --bind an address of this host)";
    case EACCES:
      return " (ports below 1024 need more rights: give another --port)";
    default:
      return {};
  }
}

}  // namespace

Server::Server(const ServerOptions& options, Storage& storage, Wake& changed)
    : context_(make_context(1, sockets_possible(most_sockets))),
      put_(make_socket(context_, zmq::socket_type::pull)),
      control_(context_),
      notifications_(context_),
      links_(context_, options.bind, options.delivery_ports),
      address_{options.bind, options.port},
      storage_changed_(changed),
      dispatcher_(options.settings, BrokerInstance{random_number()}, storage, Clock::now()),
      items_before_(dispatcher_.core().queues().size()),
      signals_(signal_descriptor()) {
  if (options.settings.plain_queue) plain_.emplace(context_);
  if (options.port == 0)
    bind_any_block();
  else
    bind(options.port);
}

void Server::bind(std::uint16_t port) {
  address_.port = port;
  const auto bind_endpoint = [&](zmq::socket_t& socket, EndpointPort endpoint) {
    const auto address = to_tcp(address_.host, address_.port_of(endpoint));
    try {
      zmq_uninterrupted([&] { socket.bind(address); });
    } catch (const zmq::error_t& error) {
      throw std::runtime_error("cannot bind " + address + ": " + error.what() +
                               what_to_do(error.num()));
    }
  };
  bind_endpoint(put_, EndpointPort::put);
  bind_endpoint(control_.socket(), EndpointPort::control);
  limit_received_at(address_.port_of(EndpointPort::notifications));
  bind_endpoint(notifications_.socket(), EndpointPort::notifications);
  if (!plain_) return;
  bind_endpoint(plain_->in(), EndpointPort::in);
  bind_endpoint(plain_->out(), EndpointPort::out);
  plain_->bound(address_);
}

void Server::unbind_all() {
  std::vector<zmq::socket_t*> sockets{&put_, &control_.socket(), &notifications_.socket()};
  if (plain_) sockets.insert(sockets.end(), {&plain_->in(), &plain_->out()});
  for (auto* socket : sockets)
    if (const auto bound = socket->get(zmq::sockopt::last_endpoint); !bound.empty())
      zmq_uninterrupted([&] { socket->unbind(bound); });
}

void Server::bind_any_block() {
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> block(
      2000, 3200);  // below the ports that systems use for outgoing connections
  std::string why;
  for (int tries = 0; tries < 200; ++tries) {
    try {
      return bind(static_cast<std::uint16_t>(block(random) * 10));
    } catch (const std::runtime_error& error) {
      why = error.what();
      unbind_all();
    }
  }
  throw std::runtime_error("no free block of ports between 20000 and 32000: " + why);
}

int Server::run() {
  int exit_code = 0;
  for (bool over = false; !over;) {
    wait();
    if (signalled()) {
      exit_code = stop();
      break;
    }
    turn(control_share);
    over = dispatcher_.effects().finished;
    exit_code = dispatcher_.effects().exit_code;
  }
  log_refusals();
  log_dead();
  return exit_code;
}

void Server::turn(Duration for_control) {
  links_.answer_auth_requests();
  const bool notifications_dry =
      notifications_.read(dispatcher_, Clock::now() + notifications_share);
  const bool control_dry = control_.read(dispatcher_, Clock::now() + for_control);
  if (!dispatcher_.core().stops_reading(Clock::now())) read_put(Clock::now() + put_share);
  dispatcher_.end_turn(Clock::now(), notifications_dry && control_dry);
  carry_out();
}

/// After a signal: everything received by now counts, above all acks, and clients that end along
/// with the broker are answered, however slow the disk is. A second signal ends it at once. Logs
/// what is lost, and returns the exit code.
int Server::stop() {
  const auto begin = Clock::now();
  dispatcher_.core().stop(begin);
  turn(last_share);
  while (!dispatcher_.effects().abandoned && !dispatcher_.core().stopped(Clock::now())) {
    wait();
    if (signalled() && Clock::now() > begin + same_signal) break;
    turn(control_share);
  }
  if (dispatcher_.effects().abandoned) return dispatcher_.effects().exit_code;
  const auto items = dispatcher_.core().queues().size();
  const auto& settings = dispatcher_.core().settings();
  if (items > 0 && !settings.durable)
    log_line("baton-broker: stopping: " + counted(items, "item") + " in memory " +
             (items == 1 ? "is" : "are") + " lost");
  return settings.end.exit_when_done && !dispatcher_.core().ending() ? 1 : 0;
}

void Server::wait() {
  auto timeout = std::max(dispatcher_.core().next_deadline(), Time{}) - Clock::now();
  if (control_.has_backlog()) timeout = {};
  if (links_.blocked()) timeout = std::min<Duration>(timeout, link_retry);
  constexpr std::size_t storage_item = 4;
  const short reads_put = dispatcher_.core().stops_reading(Clock::now()) ? 0 : ZMQ_POLLIN;
  std::vector<zmq::pollitem_t> items{{control_.socket().handle(), 0, ZMQ_POLLIN, 0},
                                     {put_.handle(), 0, reads_put, 0},
                                     {notifications_.socket().handle(), 0, ZMQ_POLLIN, 0},
                                     {links_.auth_requests().handle(), 0, ZMQ_POLLIN, 0},
                                     {nullptr, storage_changed_.fd(), ZMQ_POLLIN, 0},
                                     {nullptr, signals_, ZMQ_POLLIN, 0}};
  if (plain_) {
    const bool wants_out = plain_->has_unsent() || dispatcher_.core().plain().has_items();
    items.push_back({plain_->in().handle(), 0, reads_put, 0});
    if (wants_out) items.push_back({plain_->out().handle(), 0, ZMQ_POLLOUT, 0});
    if (plain_->retry_at() != never) timeout = std::min(timeout, plain_->retry_at() - Clock::now());
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(timeout, Duration::zero()));
  poll_sockets(items.data(), items.size(), ms);
  if (items[storage_item].revents) storage_changed_.clear();
}

bool Server::signalled() {
  signalfd_siginfo info;
  return uninterrupted([&] { return read(signals_, &info, sizeof info); }) == sizeof info;
}

void Server::read_put(Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until && receive(put_, message, frames); now = Clock::now()) {
    if (frames == 1)
      dispatcher_.on_put(bytes_of(message), now);
    else
      dispatcher_.on_frames(bytes_of(message), now);
  }
  if (!plain_) return;
  plain_->read(dispatcher_, Clock::now() + put_share);
  dispatcher_.core().plain().set_room(plain_->out_room());
}

void Server::carry_out() {
  log_ended();
  links_.retry();
  dispatcher_.carry_out(*this);
}

void Server::open_link(const SessionId& session, std::uint32_t generation) {
  const auto now = Clock::now();
  if (const auto port = links_.open(session, generation, now))
    dispatcher_.core().link_opened(session, generation, *port);
  else
    dispatcher_.core().link_failed(session, generation, now);
}

void Server::close_link(const SessionId& session, std::uint32_t generation) {
  if (const auto port = links_.close(session, generation, Clock::now()))
    dispatcher_.core().link_unreached(session, *port);
}

void Server::put_out(std::vector<std::string>& bodies) {
  if (!plain_) return;
  plain_->send(std::move(bodies));
  plain_->keep_in_open(dispatcher_.core().plain().is_open(), Clock::now());
}

void Server::log(const std::string& line) { log_line("baton-broker: " + line); }

/// Logs ended connections, each time their number has doubled.
void Server::log_ended() {
  const auto log_doubled = [this](std::uint64_t& logged, std::uint64_t count,
                                  const std::string& what) {
    if (std::bit_width(count) != std::bit_width(logged))
      dispatcher_.effects().log.push_back(counted(count, "connection") + what);
    logged = count;
  };
  log_doubled(turned_away_, turned_away(),
              " turned away so far: nearly all of the " + std::to_string(files_possible()) +
                  " files that this process may open are in use (raise the limit: ulimit -Hn)");
  log_doubled(
      received_too_much_, received_too_much(),
      " to notifications ended so far: subscribed and unsubscribed far more than clients do");
}

/// Refusals that clients get after a restart of the broker or a take-over of a name, and recover
/// from.
constexpr bool is_ordinary(Refusal refusal) {
  return refusal == Refusal::wrong_broker_instance || refusal == Refusal::unknown_session ||
         refusal == Refusal::fenced || refusal == Refusal::not_yet;
}

/// Dead items that were only counted.
void Server::log_dead() {
  const auto& queues = dispatcher_.core().queues();
  if (const auto dropped = queues.dead_letters().dropped())
    log_line("baton-broker: " + counted(dropped, "dead item") + (dropped == 1 ? " was" : " were") +
             " dropped (--max-dead, --max-dead-total, --max-bytes)");
  if (const auto untold = queues.producers().notices().only_counted())
    log_line("baton-broker: " + counted(untold, "dead item") + (untold == 1 ? " was" : " were") +
             " told to their producers as a count only (--max-notices)");
}

/// Logs them if some were not ordinary.
void Server::log_refusals() {
  std::string all;
  bool fault = false;
  for (std::size_t i = 1; i < refusal_count; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const auto count = dispatcher_.core().refused(refusal);
    fault = fault || (count > 0 && !is_ordinary(refusal));
    if (count > 0)
      all += (all.empty() ? "" : ", ") + std::string(name(refusal)) + " " + std::to_string(count);
  }
  if (fault) log_line("baton-broker: refused messages: " + all);
}

}  // namespace baton::internal::broker
