// The bench's workers: this program again, each a process of its own.
#pragma once

#include <string>
#include <vector>

#include "bench/link.hpp"

namespace baton::internal::bench {

enum class Role {
  proxy,     ///< carries items from producers to consumers
  producer,  ///< puts as fast as it can, until it is to stop
  consumer,  ///< gets until all was got
  ping,      ///< a producer that puts an item when the one before was got, and a pause later
  pong,      ///< a consumer that measures how long each item took
};

struct Task {
  Role role = Role::proxy;
  int board = -1;  ///< descriptor of the shared board
  int baton = -1;  ///< ping and pong: an eventfd through which pong says that it got the item
  std::size_t index = 0;  ///< among the workers of its role
  std::size_t size = 0;   ///< of a body, in bytes; at least body_header
  unsigned seed = 0;      ///< of the bodies' bytes
  Way way;
};

inline constexpr std::size_t body_header = 24;

/// The command line of a worker, and back. from_arguments throws std::invalid_argument when it is
/// none.
inline constexpr const char* worker_mark = "--worker";
std::vector<std::string> to_arguments(const std::string& program, const Task& task);
Task from_arguments(const std::vector<std::string>& arguments);

/// Does the task to its end. The exit code.
int run_worker(const Task& task);

}  // namespace baton::internal::bench
