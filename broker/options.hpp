// baton-broker's command line.
#pragma once

#include <filesystem>

#include "broker/log/log_storage.hpp"
#include "broker/server.hpp"

namespace baton::internal::broker {

struct BrokerCommand {
  ServerOptions server;
  bool memory = false;              ///< items live as long as the process
  std::filesystem::path directory;  ///< otherwise: where items are kept
  LogStorageOptions storage;
  std::string passed_over;  ///< the preferred directory, and why it was not usable
  bool compact = false;     ///< only compact the data
  bool check = false;       ///< only check the data
  bool health = false;      ///< only ask whether a broker answers at server.bind and server.port
};

/// Reads the command line. Prints help, version or one line about a mistake, and exits the process
/// (0, 0, 2).
BrokerCommand read_command_line(int argc, char** argv);

/// Parses "64K", "1.5G", "100": 1 to 2^60 bytes, with K (or k), M, G and T for powers of 1024.
/// Throws std::invalid_argument.
std::uint64_t parse_size(const std::string& text);

/// The --bind argument as libzmq wants it: addresses without brackets, "*" for all of IPv4, a host
/// name resolved. Throws std::invalid_argument if it has no address.
std::string bind_address(const std::string& text);

/// Parses "A-B", both from 1 to 65535 and A <= B. Throws std::invalid_argument.
PortRange parse_port_range(const std::string& text);

}  // namespace baton::internal::broker
