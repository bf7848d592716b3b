// The settings of the producer program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "baton/producer.hpp"
#include "cli/input.hpp"
#include "cli/program.hpp"

namespace baton::internal {

struct ProducerSettings {
  Options client;
  std::string queue = "default";
  std::string name;  ///< empty: none
  PutOptions put;
  SleepRange sleep;
  std::vector<std::string> items;
  std::string file;
  Bodies bodies = Bodies::json;
  std::uint64_t from = 0;  ///< the first line (or ITEM) to put; 0: not given
  bool whole = false, again = false, wait = false;
  bool no_stdin = false;  ///< the parent process closed it

  bool named() const { return !name.empty(); }
};

/// What is contradictory in the settings, for people; empty if nothing.
std::string contradiction(const ProducerSettings& settings, bool raw, bool text);

}  // namespace baton::internal
