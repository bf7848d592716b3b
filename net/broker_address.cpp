#include "net/broker_address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <stdexcept>

#include "proto/visible.hpp"

namespace baton::internal {
namespace {

constexpr std::uint16_t highest_base = 65535 - (endpoint_count - 1);

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw std::invalid_argument("'" + visible(text) + "' is not HOST[:PORT]: " + why);
}

std::uint16_t port_from(std::string_view digits, std::string_view text) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 ||
      port > highest_base)
    refuse(text, "the port must be 1 to " + std::to_string(highest_base));
  return static_cast<std::uint16_t>(port);
}

std::string bracketed(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return std::string(host);
  return "[" + std::string(host) + "]";
}

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `host` has no brackets; a zone may follow: "fe80::1%eth0".
bool is_ipv6(std::string_view host) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(host.substr(0, host.find('%'))).c_str(), &address) == 1;
}

/// Recognizes common mistakes, and names them.
void refuse_what_is_else(std::string_view text) {
  const std::string whole(text);
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
    refuse(text, "it is a URL; leave out '" + visible(text.substr(0, scheme + 3)) + "'");
  if (only_digits(text))
    refuse(text, "it is a port only; write HOST:" + whole + ", such as 127.0.0.1:" + whole);
}

}  // namespace

BrokerAddress parse_broker_address(std::string_view text) {
  refuse_what_is_else(text);
  std::string_view host = text, port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) refuse(text, "a bracket is not closed");
    host = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && rest.front() != ':') refuse(text, "after the bracket comes :PORT or nothing");
    if (has_port) port = rest.substr(1);
  } else if (const auto colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);  // several colons without brackets: an IPv6 address
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) refuse(text, "the host is missing");
  if (host.find(':') != std::string_view::npos && !is_ipv6(host))
    refuse(text, "it has more than one ':' and is not an IPv6 address");
  if (host.find_first_of(" /[]@") != std::string_view::npos || !is_plain(host))
    refuse(text, "a host name cannot have such characters");
  return {std::string(host), has_port ? port_from(port, text) : default_port};
}

std::string to_string(const BrokerAddress& address) {
  return bracketed(address.host) + ":" + std::to_string(address.port);
}

std::string to_tcp(std::string_view host, std::uint16_t port) {
  return "tcp://" + bracketed(host) + ":" + std::to_string(port);
}

}  // namespace baton::internal
