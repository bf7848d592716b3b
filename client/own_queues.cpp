#include "client/own_queues.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>

#include "os/forks.hpp"

namespace baton::internal {
namespace {

struct Registry {
  const std::uint64_t of = watch_forks();
  std::mutex mutex;
  std::multiset<std::string> names;
};

/// A child starts with an empty one: a thread of its parent may have held the lock of the old one.
Registry& registry() {
  static std::atomic<Registry*> current = new Registry;
  auto* found = current.load();
  if (found->of == forks()) return *found;
  auto* own = new Registry;
  if (current.compare_exchange_strong(found, own)) return *own;
  delete own;
  return *found;
}

std::string name_of(const BrokerAddress& broker, const std::string& queue) {
  return to_string(broker) + "/" + queue;
}

}  // namespace

OwnQueues::OwnQueues(const BrokerAddress& broker, const std::vector<std::string>& queues) {
  for (const auto& queue : queues) names_.push_back(name_of(broker, queue));
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  all.names.insert(names_.begin(), names_.end());
}

OwnQueues::~OwnQueues() {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  for (const auto& name : names_)
    if (const auto found = all.names.find(name); found != all.names.end()) all.names.erase(found);
}

bool OwnQueues::contain(const BrokerAddress& broker, const std::string& queue) {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  return all.names.contains(name_of(broker, queue));
}

}  // namespace baton::internal
