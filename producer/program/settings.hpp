// What the producer program was told to do.
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
  std::uint64_t from = 0;  ///< the first line (or ITEM) that is to be put; 0: it was not said
  bool whole = false, again = false, wait = false;
  bool no_stdin = false;  ///< the process that started it closed it

  bool named() const { return !name.empty(); }
};

/// What of it makes no sense, for people; empty when it all does.
std::string contradiction(const ProducerSettings& settings, bool raw, bool text);

}  // namespace baton::internal
