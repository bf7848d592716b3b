// The queues that this process consumes: a producer that waits for room in one of them may wait for
// itself.
#pragma once

#include <string>
#include <vector>

#include "net/broker_address.hpp"

namespace baton::internal {

/// While it lives, these queues of that broker are consumed by this process. From any thread.
class OwnQueues {
 public:
  OwnQueues(const BrokerAddress& broker, const std::vector<std::string>& queues);
  ~OwnQueues();
  OwnQueues(const OwnQueues&) = delete;
  OwnQueues& operator=(const OwnQueues&) = delete;

  /// Whether some OwnQueues of this process says so; not of the one that it was forked from.
  static bool contain(const BrokerAddress& broker, const std::string& queue);

 private:
  std::vector<std::string> names_;
};

}  // namespace baton::internal
