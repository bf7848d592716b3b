// What the system tells of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>

#include "tests/support/process.hpp"

namespace baton::internal::e2e {

std::size_t open_files(pid_t pid);
std::size_t thread_count(pid_t pid);
/// Ports that the process listens at.
std::set<std::uint16_t> listening_ports(pid_t pid);

/// Whether `holds()` comes true by the deadline, while `process` lives.
template <class Condition>
bool eventually(Process& process, Condition holds, Clock::duration within = soon) {
  const auto deadline = Clock::now() + within;
  while (!holds())
    if (Clock::now() >= deadline || process.wait(20ms)) return false;
  return true;
}

}  // namespace baton::internal::e2e
