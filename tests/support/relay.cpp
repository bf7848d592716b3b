#include "tests/support/relay.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "tests/support/loopback.hpp"

namespace baton::internal::e2e {
namespace {

constexpr Clock::duration calm_before = 300ms;  // a connection's life between two faults
constexpr Clock::duration try_again = 20ms;  // when there is nothing that a fault could happen to

/// A listening socket, or -1.
int listen_at(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = socket_address(Relay::here(), port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(fd, 64) == 0)
    return fd;
  close(fd);
  return -1;
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback_at(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;  // the host is this one
  close(fd);
  return -1;
}

int milliseconds_until(Clock::time_point time) {
  const auto left = std::clamp<Clock::duration>(time - Clock::now(), 0s, 10s);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

}  // namespace

std::size_t Troubled::faults() const {
  std::size_t all = 0;
  for (const auto& counts : of) all += counts.resets + counts.silences;
  return all;
}

const std::string& Relay::here() {
  static const std::string address = own_loopback(1);
  return address;
}

Relay::Relay(std::size_t delivery_ports)
    : listening_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC)) {
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> first(10'000,
                                           19'000);  // below the endpoints of brokers with --port 0
  for (int tries = 0;
       tries < 100 && !listen_block(static_cast<std::uint16_t>(first(random)), delivery_ports);
       ++tries)
    drop_listeners();
  if (listeners_.empty()) throw std::runtime_error("no ports for delivery links are free");
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  drop_listeners();
  close(listening_);
  close(wake_);
}

bool Relay::listen_block(std::uint16_t first, std::size_t count) {
  first_delivery_port_ = first;
  last_delivery_port_ = static_cast<std::uint16_t>(first + count - 1);
  try {
    for (std::uint16_t port = first_delivery_port_; port <= last_delivery_port_; ++port)
      listen(port, Channel::delivery);
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Relay::listen(std::uint16_t port, Channel channel) {
  const int fd = listen_at(port);
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(), "listen at " + std::to_string(port));
  const std::lock_guard lock(mutex_);
  epoll_event event{EPOLLIN, {.u64 = listeners_.size()}};
  listeners_.push_back({fd, port, channel});
  epoll_ctl(listening_, EPOLL_CTL_ADD, fd, &event);
}

void Relay::drop_listeners() {
  for (const auto& listener : listeners_) close(listener.fd);
  listeners_.clear();
}

std::string Relay::delivery_ports() const {
  return std::to_string(first_delivery_port_) + "-" + std::to_string(last_delivery_port_);
}

void Relay::open_endpoints(std::uint16_t base) {
  listen(base, Channel::put);
  listen(static_cast<std::uint16_t>(base + 1), Channel::control);
  listen(static_cast<std::uint16_t>(base + 2), Channel::notifications);
}

void Relay::disturb(const Trouble& trouble) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
    faults_wanted_ = troubled_.faults() + trouble.faults;
    random_.seed(trouble.seed);
    next_fault_ = trouble.faults > 0 ? Clock::now() : Clock::time_point::max();
  }
  eventfd_write(wake_, 1);
}

bool Relay::wait_calm(Clock::duration within) {
  std::unique_lock lock(mutex_);
  return calm_.wait_for(lock, within, [this] {
    return next_fault_ == Clock::time_point::max() && last_ends_ <= Clock::now();
  });
}

Troubled Relay::troubled() const {
  const std::lock_guard lock(mutex_);
  return troubled_;
}

void Relay::run() {
  std::vector<pollfd> items;
  for (;;) {
    const auto now = Clock::now();
    items.assign({{wake_, POLLIN, 0}, {listening_, POLLIN, 0}});
    for (const auto& wire : wires_)
      for (const auto& item : wire->waits_for(now)) items.push_back(item);
    poll(items.data(), items.size(), milliseconds_until(next_time(now)));
    const std::lock_guard lock(mutex_);
    if (stop_) return wires_.clear();
    serve(items);
  }
}

Clock::time_point Relay::next_time(Clock::time_point now) const {
  auto next = Clock::time_point::max();
  for (const auto& wire : wires_) next = std::min(next, wire->silent_until(now));
  const std::lock_guard lock(mutex_);
  return std::min({next, next_fault_, last_ends_ > now ? last_ends_ : Clock::time_point::max()});
}

void Relay::serve(std::vector<pollfd>& items) {
  const auto now = Clock::now();
  eventfd_t value = 0;
  if (items[0].revents) eventfd_read(wake_, &value);
  for (std::size_t i = 0; i < wires_.size(); ++i) wires_[i]->serve(&items[2 + 2 * i], now);
  if (items[1].revents) accept_new(now);
  if (now >= next_fault_) happen(now);
  drop_finished();
  if (next_fault_ == Clock::time_point::max() && last_ends_ <= now) calm_.notify_all();
}

void Relay::accept_new(Clock::time_point now) {
  std::array<epoll_event, 16> events;
  const int count = epoll_wait(listening_, events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i)
    accept(listeners_[events[static_cast<std::size_t>(i)].data.u64], now);
}

void Relay::accept(const Listener& listener, Clock::time_point now) {
  const int client = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int broker = connect_to(listener.port);
  if (broker < 0) {
    close(client);
    return;
  }
  wires_.push_back(std::make_unique<Wire>(listener.channel, client, broker, now));
  ++troubled_.connections;
}

void Relay::drop_finished() {
  std::erase_if(wires_, [](const auto& wire) { return wire->over(); });
}

void Relay::happen(Clock::time_point now) {
  auto channels = trouble_.channels;
  std::shuffle(channels.begin(), channels.end(), random_);
  if (std::none_of(channels.begin(), channels.end(),
                   [&](Channel channel) { return happen_to(channel, now); })) {
    next_fault_ = now + try_again;
    return;
  }
  const bool more = troubled_.faults() < faults_wanted_;
  next_fault_ =
      more ? now + draw(trouble_.every / 2, trouble_.every * 3 / 2) : Clock::time_point::max();
}

/// False when no connection of that kind is in a state to be disturbed.
bool Relay::happen_to(Channel channel, Clock::time_point now) {
  std::vector<Wire*> wires;
  for (const auto& wire : wires_)
    if (wire->channel() == channel && wire->at_work(now, calm_before)) wires.push_back(wire.get());
  if (wires.empty()) return false;
  auto& wire = *wires[std::uniform_int_distribution<std::size_t>(0, wires.size() - 1)(random_)];
  auto& counts = troubled_.of[static_cast<std::size_t>(channel)];
  std::string what = "reset";
  if (std::bernoulli_distribution(trouble_.resets)(random_)) {
    wire.reset();
    ++counts.resets;
  } else {
    what = silence(wire, now);
    ++counts.silences;
  }
  static const char* const names[] = {"put", "control", "notifications", "delivery"};
  troubled_.history.emplace_back(
      now,
      "a connection of " + std::string(names[static_cast<std::size_t>(channel)]) + ": " + what);
  return true;
}

std::string Relay::silence(Wire& wire, Clock::time_point now) {
  const bool said_up = wire.channel() == Channel::put || wire.channel() == Channel::control;
  // The way that nearly nothing goes.
  const bool against = std::bernoulli_distribution(0.2)(random_);
  const auto way = said_up == against ? Way::down : Way::up;
  const auto until =
      now + draw(trouble_.shortest, way == Way::up ? trouble_.longest_up : trouble_.longest);
  wire.silence(way, until);
  last_ends_ = std::max(last_ends_, until);
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count();
  return (way == Way::up ? "silent upwards for " : "silent downwards for ") + std::to_string(time) +
         " ms";
}

Clock::duration Relay::draw(Clock::duration min, Clock::duration max) {
  return Clock::duration(
      std::uniform_int_distribution<Clock::rep>(min.count(), max.count())(random_));
}

}  // namespace baton::internal::e2e
