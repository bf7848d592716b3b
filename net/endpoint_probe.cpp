#include "net/endpoint_probe.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>

#include "os/uninterrupted.hpp"

namespace baton::internal {
namespace {

using Found = EndpointLook::Found;

constexpr std::chrono::milliseconds time_limit{1000};
constexpr std::size_t signature_size = 10;  // each ZMTP connection begins with: ff, 8 bytes, 7f

/// One connection: connects, then waits for the first bytes.
class Visit {
 public:
  Visit(const std::string& address, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
      over(EADDRNOTAVAIL);
      return;
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0 || (connect(fd_, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS))
      over(errno);
  }
  ~Visit() {
    if (fd_ >= 0) close(fd_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  bool over() const { return over_; }
  pollfd waits_for() const {
    return {over_ ? -1 : fd_, static_cast<short>(connected_ ? POLLIN : POLLOUT), 0};
  }
  void go_on() { connected_ ? read_some() : connect_on(); }
  /// The result when the time is up.
  EndpointLook look() const {
    if (!over_) return {connected_ ? Found::stranger : Found::no_answer};
    return look_;
  }

 private:
  void over(int error) {
    over_ = true;
    look_ = error == ECONNREFUSED ? EndpointLook{Found::refused}
            : error == ETIMEDOUT  ? EndpointLook{Found::no_answer}
                                  : EndpointLook{Found::no_way, error};
  }
  void connect_on() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    error != 0 ? over(error) : static_cast<void>(connected_ = true);
  }
  void read_some() {
    std::array<char, signature_size> bytes;
    const auto got =
        uninterrupted([&] { return read(fd_, bytes.data(), bytes.size() - seen_.size()); });
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) seen_.append(bytes.data(), static_cast<std::size_t>(got));
    const bool wrong = got <= 0 || seen_.front() != '\xff' ||
                       (seen_.size() == signature_size && seen_.back() != '\x7f');
    over_ = wrong || seen_.size() == signature_size;
    look_ = {wrong ? Found::stranger : Found::zmtp};
  }

  int fd_ = -1;
  bool connected_ = false, over_ = false;
  std::string seen_;
  EndpointLook look_;
};

std::string ports(const BrokerAddress& broker) {
  return std::to_string(broker.port) + "-" +
         std::to_string(broker.port_of(EndpointPort::notifications));
}

bool is_local(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

std::string port_of(const BrokerAddress& broker, std::size_t endpoint) {
  return std::to_string(broker.port + endpoint);
}

std::string nothing_listens(const BrokerAddress& broker, const std::string& address) {
  return "connection refused: nothing listens at port " + std::to_string(broker.port) +
         (is_local(address)
              ? " (is the broker started?)"
              : " of that host (is the broker started there, with --bind for other hosts?)");
}

/// Some endpoints answer and some do not: a firewall, or the broker has another base port.
std::string some_answer(const EndpointLooks& looks, const BrokerAddress& broker,
                        std::size_t other) {
  const auto is = [&](std::size_t i) { return looks[i].found == Found::zmtp; };
  auto text = "port " + port_of(broker, other) + " does not answer, others do: ports " +
              ports(broker) + " must be open";
  const bool gap = is(0) && is(2);
  if (gap || looks[other].found != Found::refused) return text;
  return text + " (or the broker has another port: its first line names it)";
}

}  // namespace

EndpointLooks look_at_endpoints(const std::string& address, std::uint16_t base) {
  const auto until = std::chrono::steady_clock::now() + time_limit;
  std::array<std::unique_ptr<Visit>, 3> visits;
  for (std::size_t i = 0; i < visits.size(); ++i)
    visits[i] = std::make_unique<Visit>(address, static_cast<std::uint16_t>(base + i));
  while (
      std::any_of(visits.begin(), visits.end(), [](const auto& visit) { return !visit->over(); })) {
    std::array<pollfd, 3> items;
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = visits[i]->waits_for();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())
            .count();
    if (left <= 0 || poll(items.data(), items.size(), static_cast<int>(left)) == 0) break;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].fd >= 0 && items[i].revents) visits[i]->go_on();
  }
  EndpointLooks looks;
  for (std::size_t i = 0; i < looks.size(); ++i) looks[i] = visits[i]->look();
  return looks;
}

std::string meaning_of(const EndpointLooks& looks, const BrokerAddress& broker,
                       const std::string& address) {
  const auto is = [](Found what) {
    return [what](const EndpointLook& look) { return look.found == what; };
  };
  const auto first = [&](auto matches) {
    return static_cast<std::size_t>(std::find_if(looks.begin(), looks.end(), matches) -
                                    looks.begin());
  };
  const auto all = [&](Found what) { return std::all_of(looks.begin(), looks.end(), is(what)); };
  if (const auto endpoint = first(is(Found::stranger)); endpoint < looks.size())
    return "what listens at port " + port_of(broker, endpoint) +
           " does not answer as a Baton broker does (a container's port with no broker behind it? "
           "the broker there needs --bind 0.0.0.0)";
  if (all(Found::zmtp))
    return "ports " + ports(broker) +
           " are open, but no broker answers: it may be stopped, overloaded, or not a Baton broker";
  if (const auto endpoint = first(is(Found::no_way)); endpoint < looks.size())
    return "cannot reach that host: " + std::generic_category().message(looks[endpoint].error);
  if (all(Found::refused)) return nothing_listens(broker, address);
  if (all(Found::no_answer))
    return "no answer from that host (is it up, is the broker started there with --bind, are "
           "ports " +
           ports(broker) + " open?)";
  const auto other = first([](const EndpointLook& look) { return look.found != Found::zmtp; });
  if (first(is(Found::zmtp)) == looks.size())
    return "ports " + ports(broker) +
           " do not answer, or refuse (is the broker started there, are they all open?)";
  return some_answer(looks, broker, other);
}

}  // namespace baton::internal
