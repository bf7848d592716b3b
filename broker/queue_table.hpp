// All queues, by name and by number, and which of them have changed.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "broker/queue.hpp"
#include "broker/slots.hpp"

namespace baton::internal::broker {

class QueueTable {
 public:
  using ByName = std::map<std::string, std::unique_ptr<Queue>>;

  /// The queue of that name, made on first use. Valid until erase().
  Queue& get(const std::string& name) {
    auto& queue = by_name_[name];
    if (!queue) {
      queue = std::make_unique<Queue>();
      queue->name = name;
    }
    return *queue;
  }
  Queue& restore(const std::string& name, std::uint32_t index) {
    auto& queue = get(name);
    if (queue.index != Queue::no_index || !slots_.restore(queue, index))
      throw std::runtime_error("a stored queue is there twice");
    queue.index = index;
    return queue;
  }
  void erase(Queue& queue) {
    if (queue.index != Queue::no_index) slots_.erase(queue.index);
    by_name_.erase(std::string(queue.name));  // a copy: the key must outlive the erasing
  }

  /// Assigns its number for items and the storage, if it has none.
  void give_index(Queue& queue) {
    if (queue.index == Queue::no_index) queue.index = slots_.add(queue);
  }
  Queue& operator[](std::uint32_t index) const { return slots_[index]; }
  Queue& at(std::uint32_t index) const { return slots_.at(index); }
  Queue* find(std::uint32_t index) const { return slots_.find(index); }
  /// All numbers are below it.
  std::uint32_t end() const { return slots_.size(); }
  const ByName& all() const { return by_name_; }

  /// The room in it may have changed.
  void touch(Queue& queue) {
    if (!std::exchange(queue.touched, true)) touched_.push_back(&queue);
  }
  bool has_touched() const { return !touched_.empty(); }
  /// The queues touched since the last call.
  std::vector<Queue*> take_touched() {
    for (auto* queue : touched_) queue->touched = false;
    return std::exchange(touched_, {});
  }

 private:
  ByName by_name_;
  Slots<Queue> slots_;  // those that ever had an item
  std::vector<Queue*> touched_;
};

}  // namespace baton::internal::broker
