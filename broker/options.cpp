#include "broker/options.hpp"

#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "cli/command_line.hpp"
#include "net/resolver.hpp"
#include "os/log.hpp"
#include "proto/greeting.hpp"
#include "proto/version.hpp"
#include "proto/visible.hpp"

namespace baton::internal::broker {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return visible(name.data());
}

std::uint16_t parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535)
    throw std::invalid_argument("'" + std::string(text) + "' is not a port: 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

[[noreturn]] void fail(const std::string& message) {
  log_line("baton-broker: " + message);
  std::exit(2);
}

/// The reverse of parse_size(), in the largest whole unit.
std::string size_text(std::uint64_t bytes) {
  std::size_t unit = 0;
  for (; bytes % 1024 == 0 && bytes > 0 && unit < 4; ++unit) bytes /= 1024;
  return std::to_string(bytes) + std::string(unit > 0 ? 1 : 0, " KMGT"[unit]);
}

std::string queue_name(const std::string& name) {
  if (!valid_queue_name(name))
    throw std::invalid_argument("'" + visible(name) +
                                "': " + std::string(meaning(Refusal::queue_name)));
  return name;
}

const std::filesystem::path system_directory = "/var/lib/baton";

/// Why the system's directory cannot be used, in the system's words; empty if it can.
std::string why_not_system() {
  const bool exists = std::filesystem::exists(system_directory);
  if (access((exists ? system_directory : system_directory.parent_path()).c_str(), W_OK) == 0)
    return {};
  const auto why = std::generic_category().message(errno);
  return exists ? why : "it does not exist and cannot be created: " + why;
}

/// Chooses the system's directory if it is writable, else one in the user's home; none if there is
/// no home.
void choose_directory(BrokerCommand& command) {
  const auto why_not = why_not_system();
  if (why_not.empty()) {
    command.directory = system_directory;
    return;
  }
  command.passed_over = system_directory.string() + ": " + why_not;
  const char* state = getenv("XDG_STATE_HOME");
  const char* home = getenv("HOME");
  if (state && *state)
    command.directory = std::filesystem::path(state) / "baton";
  else if (home && *home)
    command.directory = std::filesystem::path(home) / ".local/state/baton";
}

/// A directory is needed and none was found.
[[noreturn]] void fail_without_directory(const std::string& passed_over) {
  if (passed_over.empty()) fail("--data needs a directory");
  fail("no directory for items (" + passed_over +
       "; and neither XDG_STATE_HOME nor HOME is set): give --data DIR, or --memory");
}

cli::Option add_size(cli::CommandLine& line, const std::string& name, std::uint64_t& size,
                     const std::string& help) {
  return line.parsed(name, size, parse_size, help)
      .noun("a size, such as 64K or 1.5G")
      .shown("SIZE [" + size_text(size) + "]");
}

/// Returns --memory.
cli::Option add_storage(cli::CommandLine& line, BrokerCommand& command) {
  choose_directory(command);
  const auto directory = command.directory.string();
  auto data = line.parsed(
                      "--data", command.directory,
                      [&command](const std::string& name) {
                        command.passed_over.clear();
                        return std::filesystem::path(name);
                      },
                      "directory that items are stored in")
                  .noun("a directory")
                  .shown(directory.empty() ? "DIR" : "DIR [" + directory + "]");
  auto memory =
      line.flag("--memory", command.memory, "store nothing: items live as long as the broker");
  auto max_memory = add_size(line, "--max-memory", command.storage.max_memory,
                             "memory for items; further bodies are on disk only");
  return memory.excludes({data, max_memory}).shown(" ");
}

/// What the program does instead of serving.
void add_other_modes(cli::CommandLine& line, BrokerCommand& command, const cli::Option& memory,
                     const cli::Option& exit_when_done) {
  auto check = line.flag("--check", command.check, "only check whether the stored data is whole");
  auto compact = line.flag("--compact", command.compact, "only compact the stored data");
  auto health = line.flag("--health", command.health,
                          "only ask whether a broker answers at --bind and --port; exit 0 if so");
  check.excludes({compact, health, memory, exit_when_done}).shown(" ");
  compact.excludes({health, memory, exit_when_done}).shown(" ");
  health.excludes({exit_when_done}).shown(" ");
}

/// With port 0 the endpoints avoid ports in use anyway.
void check_delivery_ports(const ServerOptions& server) {
  if (!server.delivery_ports || server.port == 0) return;
  const BrokerAddress broker{server.bind, server.port};
  const auto last =
      broker.port_of(server.settings.plain_queue ? EndpointPort::out : EndpointPort::notifications);
  if (server.delivery_ports->first <= last && server.delivery_ports->last >= server.port)
    fail("--delivery-ports: " + std::to_string(server.port) + "-" + std::to_string(last) +
         " are the ports of the endpoints");
}

void add_addresses(cli::CommandLine& line, BrokerCommand& command) {
  auto& server = command.server;
  line.number("--port", server.port, 0, 65531,
              "base port: endpoints are at this and the next two; 0 finds free ones")
      .shown("PORT [" + std::to_string(server.port) + "]");
  line.text("--bind", server.bind, "address to listen on; 0.0.0.0 for all of IPv4, :: for all")
      .noun("an address or a name")
      .shown("ADDR [" + server.bind + "]");
  line.parsed("--delivery-ports", server.delivery_ports, parse_port_range,
              "ports for consumers, one each, such as 6000-6099; else any free ones")
      .noun("a range of ports, such as 6000-6099")
      .shown("A-B");
  line.parsed("--plain", server.settings.plain_queue, queue_name,
              "any ZeroMQ client may PUSH items for Q to PORT+3, PULL some from PORT+4")
      .noun("the name of a queue")
      .shown("Q");
}

void add_limits(cli::CommandLine& line, CoreSettings& settings) {
  line.number("--max-items", settings.max_items, 1, std::uint64_t{1} << 40,
              "items that a queue holds before its producers wait");
  add_size(line, "--max-bytes", settings.max_bytes,
           "bytes that a queue holds before its producers wait");
  line.number("--max-attempts", settings.max_attempts, 1, 65'000,
              "failures after which an item is dead");
  line.number("--max-dead", settings.max_dead, 1, 10'000'000,
              "dead items that a queue keeps, the last ones, within --max-bytes");
  line.number("--max-dead-total", settings.max_dead_total, 1, 10'000'000,
              "... and that all queues keep together");
  line.number("--max-notices", settings.max_notices, 0, 1'000'000,
              "dead items named to a producer that was away; others are only counted");
  line.number("--max-sessions", settings.max_sessions, 1, 100'000,
              "clients of all kinds; those beyond wait");
  add_size(line, "--console-keep", settings.console_keep,
           "console lines kept for printers that are late or slow");
}

std::string in_seconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

/// Returns --exit-when-done.
cli::Option add_ending(cli::CommandLine& line, CoreSettings& settings) {
  auto exit_when_done =
      line.flag("--exit-when-done", settings.end.exit_when_done,
                "end the system once --producers are gone and all is done, within " +
                    in_seconds(settings.end.leave_within + settings.end.print_within));
  const auto producers = line.number("--producers", settings.end.producers, 1, 1'000'000,
                                     "how many producers must have come and gone")
                             .needs(exit_when_done)
                             .shown("N");
  line.number("--consumers", settings.end.consumers, 1, 1'000'000,
              "how many consumers to wait for, " + in_seconds(settings.end.not_coming) +
                  " at most when all is done")
      .needs(exit_when_done)
      .shown("N [0]");
  return exit_when_done.needs(producers).shown(
      " ");  // replaces what --help would say about --producers
}

}  // namespace

std::uint64_t parse_size(const std::string& text) {
  const auto wrong =
      std::invalid_argument("'" + text + "' is not a size of 1 to 2^60 bytes: 100, 64K, 1.5G");
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    throw wrong;
  }
  const auto unit = text.substr(used);
  const auto power = unit.empty() ? 0 : std::string("KMGT").find(unit == "k" ? 'K' : unit[0]) + 1;
  if (unit.size() > 1 || (!unit.empty() && power == 0)) throw wrong;
  const double bytes = value * static_cast<double>(1ull << 10 * power);
  if (!(bytes >= 1) || bytes > static_cast<double>(1ull << 60)) throw wrong;
  return static_cast<std::uint64_t>(bytes);
}

PortRange parse_port_range(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos)
    throw std::invalid_argument("'" + text + "' is not a range of ports, such as 6000-6099");
  const PortRange range{parse_port(std::string_view(text).substr(0, dash)),
                        parse_port(std::string_view(text).substr(dash + 1))};
  if (range.first > range.last)
    throw std::invalid_argument("the range of ports " + text + " is empty");
  return range;
}

std::string bind_address(const std::string& text) {
  if (text == "*") return "0.0.0.0";
  if (text.empty())
    throw std::invalid_argument("the address is empty; 0.0.0.0 listens on all of IPv4");
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  auto host = bracketed ? text.substr(1, text.size() - 2) : text;
  if (if_nametoindex(host.c_str()) != 0) return host;  // libzmq also accepts network interfaces
  const auto [addresses, error] = resolve(host);
  const auto* hint = std::count(host.begin(), host.end(), ':') == 1
                         ? " (an address without a port: that is --port)"
                         : "";
  if (addresses.empty())
    throw std::invalid_argument("cannot resolve " + host + ": " + error + hint);
  return addresses.front();
}

BrokerCommand read_command_line(int argc, char** argv) {
  BrokerCommand command;
  auto& settings = command.server.settings;
  cli::CommandLine line("The queue that producers put on and consumers get from.", "baton-broker",
                        29);
  add_addresses(line, command);
  const auto memory = add_storage(line, command);
  add_limits(line, settings);
  add_other_modes(line, command, memory, add_ending(line, settings));
  if (const auto code = line.parse(argc, argv)) std::exit(*code);
  if (command.health && command.server.port == 0)
    fail("--health: --port must be the broker's port, not 0");
  settings.durable = !command.memory;
  const bool needs_directory = !command.memory && !command.health;
  if (needs_directory && command.directory.empty()) fail_without_directory(command.passed_over);
  try {
    command.server.bind = bind_address(command.server.bind);
  } catch (const std::invalid_argument& error) {
    fail(std::string("--bind: ") + error.what());
  }
  check_delivery_ports(command.server);
  settings.broker = std::string("baton-broker ") + product_version;
  settings.host = host_name();
  return command;
}

}  // namespace baton::internal::broker
