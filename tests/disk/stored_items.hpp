// The vocabulary of the disk's tests: a storage in a directory of the test's own, and what it has
// kept.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "broker/disk/disk_log.hpp"
#include "broker/log/log_storage.hpp"

namespace baton::internal::broker::test {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "baton-disk-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::filesystem::path path;
};

/// What a storage tells when it is loaded.
struct Loaded final : RestoreTarget {
  void begin(BrokerInstance previous_broker, ItemId first_id) override {
    broker_instance = previous_broker, first = first_id;
  }
  void queue(std::uint32_t index, std::string_view name) override { queues[index] = name; }
  void producer(const StoredProducer& one) override {
    names.emplace_back(one.name);
    producers[names.back()] = one;
    digests[names.back()] = one.digests;  // the view ends with this call
  }
  void item(const StoredItem& one) override { items.push_back(one); }

  BrokerInstance broker_instance;
  ItemId first;
  std::map<std::uint32_t, std::string> queues;
  std::vector<std::string> names;
  std::map<std::string, StoredProducer> producers;
  std::map<std::string, std::string> digests;
  std::vector<StoredItem> items;
};

/// A storage that was loaded. Leaving the scope is a crash: what is not durable by then is lost, or
/// not.
class Disk {
 public:
  explicit Disk(const Directory& directory, std::uint64_t max_memory = 1u << 30,
                BrokerInstance broker_instance = {7})
      : log(directory.path, changed), storage(log, {max_memory}) {
    storage.load(loaded, broker_instance, std::chrono::steady_clock::now());
  }

  void put(std::uint64_t id, std::string_view body, std::uint32_t delay_ms = 0) {
    StoredItem item;
    item.id = ItemId{id};
    item.number = SeqNo{id};
    item.priority = 4;
    item.delay_ms = delay_ms;
    storage.put(item, {"mail", "rick"}, body);
  }
  void fail(std::uint64_t id, std::uint16_t failures, const std::vector<FailureRecord>& history,
            bool dead = false) {
    StoredItem item;
    item.id = ItemId{id};
    item.priority = 4;
    item.failures = failures;
    item.dead = dead;
    storage.update(item, history);
  }
  void erase(std::uint64_t id) { storage.erase(ItemId{id}); }
  /// Ends the turn, and waits until all of it is on disk, or it fails.
  void keep() {
    const auto ticket = storage.commit();
    while (storage.durable().puts < ticket && !storage.failure()) {
      pollfd item{changed.fd(), POLLIN, 0};
      REQUIRE(poll(&item, 1, 20'000) > 0);
      changed.clear();
      storage.commit();
    }
  }

  /// Ends turns in which nothing happens, until it fails.
  void keep_looking() {
    for (const auto until = std::chrono::steady_clock::now() + 20s;
         !storage.failure() && std::chrono::steady_clock::now() < until;) {
      storage.commit();
      storage.durable();
      pollfd item{changed.fd(), POLLIN, 0};
      poll(&item, 1, 50);
    }
  }

  Wake changed;
  DiskLog log;
  LogStorage storage;
  Loaded loaded;
};

}  // namespace baton::internal::broker::test
