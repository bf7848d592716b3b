// The queues that this process consumes: a producer that waits for room in one of them may wait for
// itself.
#pragma once

#include <string>
#include <vector>

#include "net/broker_address.hpp"

namespace baton::internal {

/// While it exists, this process consumes these queues of that broker. Any thread.
class OwnQueues {
 public:
  OwnQueues(const BrokerAddress& broker, const std::vector<std::string>& queues);
  ~OwnQueues();
  OwnQueues(const OwnQueues&) = delete;
  OwnQueues& operator=(const OwnQueues&) = delete;

  /// Whether some OwnQueues of this process contains it; those of a parent process do not count.
  static bool contain(const BrokerAddress& broker, const std::string& queue);

 private:
  std::vector<std::string> names_;
};

}  // namespace baton::internal
