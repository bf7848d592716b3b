#include "net/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace baton::internal {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList find(const std::string& host, int flags, int& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  return {error == 0 ? found : nullptr, freeaddrinfo};
}

std::string text_of(int error) {
  return error == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(error);
}

}  // namespace

Resolved resolve(const std::string& host) {
  int error = 0;
  const auto found = find(host, 0, error);
  if (!found) return {{}, text_of(error)};
  Resolved resolved;
  auto& addresses = resolved.addresses;
  for (const auto* at = found.get(); at; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) ==
        0)
      addresses.emplace_back(text);
  }
  if (addresses.empty()) resolved.error = "it has no usable address";
  std::stable_partition(addresses.begin(), addresses.end(), [](const std::string& address) {
    return address.find(':') == std::string::npos;
  });
  return resolved;
}

bool is_address(const std::string& host) {
  int error = 0;
  return find(host, AI_NUMERICHOST, error) != nullptr;
}

Resolver::Resolver(std::string host, Lookup lookup)
    : host_(std::move(host)), lookup_(std::move(lookup)) {}

void Resolver::begin() {
  if (task_.busy()) return;
  const auto look_up = [host = host_, lookup = lookup_] { return lookup(host); };
  is_address(host_) ? task_.done(look_up()) : task_.begin(look_up);
}

}  // namespace baton::internal
