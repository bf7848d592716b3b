// What people write: words and lines to put, addresses, and values of options.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "broker/options.hpp"
#include "cli/input.hpp"
#include "cli/program.hpp"
#include "net/broker_address.hpp"
#include "os/wake.hpp"
#include "proto/ensure.hpp"
#include "proto/greeting.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::fuzz {
namespace {

std::optional<std::string> body_if_any(std::string_view text, Bodies kind) {
  try {
    return body_of(std::string(text), kind, [] { return std::string("it"); });
  } catch (const InputError& error) {
    ensure(std::string_view(error.what()).starts_with("it "));
    return std::nullopt;
  }
}

void check_body(std::string_view text) {
  const bool zeros = text.find('\0') != text.npos;
  const auto raw = body_if_any(text, Bodies::raw);
  ensure(raw ? *raw == text : zeros);
  const auto name = body_if_any(text, Bodies::text);
  ensure(!name || (valid_utf8(text) && !zeros &&
                   nlohmann::json::parse(*name) == nlohmann::json{{"name", text}}));
  const auto body = body_if_any(text, Bodies::json);
  if (!body || body == name) return;
  const auto json = nlohmann::json::parse(*body);  // or it throws
  ensure(*body == text && (json.is_object() || json.is_array()));
}

/// A socket whose packets are read one by one: what a pipe's reader gets when its writer is slow.
class Packets {
 public:
  Packets() { ensure(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()) == 0); }
  ~Packets() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Packets(const Packets&) = delete;
  Packets& operator=(const Packets&) = delete;

  void write(std::string_view bytes) {
    if (!bytes.empty()) ensure(send(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT) > 0);
  }
  void end() { shutdown(ends_[1], SHUT_WR); }
  int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void check_lines(Script script) {
  constexpr int most = 100;  // packets that a socket takes without a reader
  static const Wake never_stopped;
  Packets packets;
  std::string all;
  for (int i = 0; i < most && !script.over(); ++i) {
    const auto piece = script.bytes();
    packets.write(piece);
    all += piece;
  }
  packets.end();
  LineReader reader(packets.fd(), never_stopped.fd());
  std::vector<std::string> lines;
  while (auto line = reader.next()) {
    lines.push_back(*line);
    ensure(reader.number() == lines.size());
  }
  ensure(!reader.stopped() && lines == lines_of(all));
}

/// What `parse` makes of the text; nothing when it says that the text is wrong.
template <class Parse>
auto parsed(Parse parse, std::string_view text)
    -> std::optional<decltype(parse(std::string(text)))> {
  try {
    return parse(std::string(text));
  } catch (const std::invalid_argument& error) {
    ensure(*error.what() != '\0');
    return std::nullopt;
  }
}

void check_endpoint(std::string_view text) {
  const auto address = parsed(parse_broker_address, text);
  if (!address) return;
  const auto again = parse_broker_address(to_string(*address));
  ensure(again.host == address->host && again.port == address->port);
  ensure(address->port_of(EndpointPort::out) == address->port + 4);
}

void check_options(std::string_view text) {
  if (const auto size = parsed(broker::parse_size, text)) ensure(*size >= 1 && *size <= 1ull << 60);
  if (const auto ports = parsed(broker::parse_port_range, text))
    ensure(ports->first > 0 && ports->first <= ports->last);
  if (const auto time = parsed(parse_seconds, text))
    ensure(time->count() >= 0 && time->count() < 400 * 86'400'000ll);
  if (const auto range = parsed(parse_sleep, text)) {
    ensure(range->min >= 0 && range->min <= range->max);
    ensure(range->draw() >= range->draw().zero());
  }
}

void check_input(Script script) {
  switch (script.below(4)) {
    case 0:
      return check_body(script.rest());
    case 1:
      return check_lines(script);
    case 2:
      return check_endpoint(script.rest());
    default:
      return check_options(script.rest());
  }
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::internal::fuzz::check_input(
      baton::internal::fuzz::Script(baton::internal::fuzz::view_of(data, size)));
  return 0;
}
