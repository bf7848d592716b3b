// What every commit log promises to the storage over it: the one on disk, and the simulation's.
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "tests/disk/stored_items.hpp"
#include "tests/log/model_log.hpp"

namespace baton::internal::broker::test {
namespace {

using log::Batch;
using log::CommitLog;

/// Opens the log of a place that lasts, as a new process does.
struct Logs {
  std::string name;
  std::function<std::unique_ptr<CommitLog>()> open;
  std::function<void()> damage;     ///< one of its rows; nothing: it cannot be
  std::function<void()> take_away;  ///< it is another's, or gone, from now on
  bool excludes = true;             ///< a second process cannot open it
};

/// The process's end of a model that outlives it.
class ModelOf final : public CommitLog {
 public:
  explicit ModelOf(ModelLog& model) : model_(model) {}
  ~ModelOf() override { model_.end(); }
  void read(const Reader& reader) override { model_.read(reader); }
  log::StorageClock::Reading last_clock() override { return model_.last_clock(); }
  void lead(BrokerInstance broker_instance, ItemId last) override {
    model_.lead(broker_instance, last);
  }
  bool idle() const override { return model_.idle(); }
  void append(Batch&& batch) override { model_.append(std::move(batch)); }
  Storage::Durable durable() override { return model_.durable(); }
  const StorageFailure* failure() const override { return model_.failure(); }
  void note_clock(const log::StorageClock::Reading& reading) override {
    model_.note_clock(reading);
  }
  std::string_view body(ItemId id) override { return model_.body(id); }
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                        std::uint32_t& check) override {
    return model_.part(id, offset, size, check);
  }
  log::StateRow state(ItemId id) override { return model_.state(id); }
  void end_reading() override { model_.end_reading(); }
  End end() override { return model_.end(); }

 private:
  ModelLog& model_;
};

/// Flips a bit of the last place in the file where the text is.
void flip_last_of(const std::filesystem::path& path, const std::string& text) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  for (auto at = bytes.find(text); at != bytes.npos; at = bytes.find(text, at + 1)) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(text[0] ^ 1));
  }
  REQUIRE(file.flush());
}

/// Runs the test on each.
void on_each(const std::function<void(const Logs&)>& test) {
  ModelLog model;
  test({"the simulation's",
        [&] { return std::make_unique<ModelOf>(model); },
        {},
        [&] {
          model.fail({true, "it is another's"});
        },
        false});
  const Directory directory;
  Wake changed;
  test({"the one on disk", [&] { return std::make_unique<DiskLog>(directory.path, changed); },
        [&] { flip_last_of(directory.path / "baton.mdb", "damage me"); },
        [&] { std::filesystem::remove(directory.path / "baton.mdb"); }});
}

Batch new_items(Ticket ticket, std::uint64_t first, const std::vector<std::string>& bodies) {
  const auto segment = std::make_shared<log::Segment>(ItemId{first}, ticket);
  for (std::uint64_t i = 0; i < bodies.size(); ++i)
    segment->add({0, 0, 4, SeqNo{first + i}, {}, bodies[i], 0});
  Batch batch;
  batch.ticket = ticket;
  batch.puts.push_back({segment, segment->gone()});
  batch.last = ItemId{first + bodies.size() - 1};
  return batch;
}

void append(CommitLog& log, Batch batch) {
  const auto ticket = batch.ticket;
  log.append(std::move(batch));
  const auto until = std::chrono::steady_clock::now() + 20s;
  while ((log.durable().puts < ticket || !log.idle()) && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  REQUIRE(log.durable().puts == ticket);
}

struct Contents {
  log::Superblock superblock;
  std::map<std::uint64_t, std::string> items;
  std::map<std::uint64_t, int> failures;  // 0 where there is no state
};

Contents read(CommitLog& log) {
  Contents contents;
  CommitLog::Reader reader;
  reader.superblock = [&](const log::Superblock& one) { contents.superblock = one; };
  reader.queue = [](std::uint64_t, std::string_view) {};
  reader.producer = [](std::uint64_t, const log::ProducerRow&) {};
  reader.item = [&](std::uint64_t id, const log::ItemRow& row, const log::StateRow* state) {
    contents.items[id] = row.body;
    contents.failures[id] = state ? state->failures : 0;
  };
  log.read(reader);
  return contents;
}

TEST_CASE("every commit log: what was appended is read by the next process, and who led") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      CHECK(read(*log).items.empty());
      log->lead({7}, {});
      append(*log, new_items(1, 1, {"a", "b"}));
      append(*log, new_items(2, 3, {"c"}));
      CHECK(log->body({2}) == "b");
      log->end_reading();
      log->note_clock({1234, 5678});
      CHECK(log->end().items == 3);
    }
    auto log = logs.open();
    const auto contents = read(*log);
    CHECK(contents.items == std::map<std::uint64_t, std::string>{{1, "a"}, {2, "b"}, {3, "c"}});
    CHECK(contents.superblock.broker_instance == BrokerInstance{7});
    CHECK(contents.superblock.last == ItemId{3});
    CHECK(log->last_clock() == log::StorageClock::Reading{1234, 5678});
  });
}

TEST_CASE("every commit log: a part of a body is read with its check, and states come and go") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      read(*log);
      log->lead({7}, {});
      auto batch = new_items(1, 1, {"a long body", "b"});
      log::StateRow state;
      state.failures = 3;
      for (const std::uint64_t id : {1, 2})
        log::append_state(batch.states[id].emplace(), id, state);
      append(*log, std::move(batch));
      std::uint32_t check = 0;
      CHECK(log->part({1}, 0, 6, check) == "a long");
      CHECK(log->part({1}, 6, 5, check) == " body");
      CHECK(log->state({2}).failures == 3);
      log->end_reading();
      Batch settles;
      settles.ticket = 2;
      settles.last = {2};
      settles.erased.push_back({2});
      settles.states[2] = std::nullopt;
      append(*log, std::move(settles));
      CHECK(log->failure() == nullptr);
      CHECK(log->end().items == 2);
    }
    CHECK(read(*logs.open()).failures == std::map<std::uint64_t, int>{{1, 3}});
  });
}

TEST_CASE("every commit log: while one process has it another one cannot open it") {
  on_each([](const Logs& logs) {
    if (!logs.excludes) return;
    CAPTURE(logs.name);
    auto log = logs.open();
    CHECK_THROWS_AS(logs.open(), std::runtime_error);
    read(*log);
    log->lead({7}, {});
    log->end();
    CHECK_THROWS_AS(logs.open(), std::runtime_error);
    log.reset();
    CHECK(read(*logs.open()).superblock.broker_instance == BrokerInstance{7});
  });
}

TEST_CASE("every commit log: one that is taken away says so, and nothing is durable from then on") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    auto log = logs.open();
    read(*log);
    log->lead({7}, {});
    append(*log, new_items(1, 1, {"a"}));
    logs.take_away();
    const auto until = std::chrono::steady_clock::now() + 20s;
    log->append(new_items(2, 2, {"b"}));
    while (!log->failure() && std::chrono::steady_clock::now() < until) log->durable();
    REQUIRE(log->failure());
    CHECK(log->failure()->lost);
    CHECK(log->durable().puts == 1);
    CHECK(log->end().puts == 1);
  });
}

TEST_CASE(
    "every commit log: one that is damaged says so, and the storage over it can be destroyed") {
  on_each([](const Logs& logs) {
    if (!logs.damage) return;
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      read(*log);
      log->lead({7}, {});
      append(*log, new_items(1, 1, {"damage me"}));
      log->end();
    }
    logs.damage();
    auto log = logs.open();
    Loaded loaded;
    {
      LogStorage storage(*log);
      CHECK_THROWS_AS(storage.load(loaded, {8}, std::chrono::steady_clock::now()),
                      std::runtime_error);
    }
    { const LogStorage never_loaded(*log); }
  });
}

TEST_CASE("every commit log: that a process leads is durable though it appends nothing") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      read(*log);
      log->lead({7}, {41});
      log->end();
    }
    const auto superblock = read(*logs.open()).superblock;
    CHECK(superblock.broker_instance == BrokerInstance{7});
    CHECK(superblock.last == ItemId{41});
  });
}

TEST_CASE("every commit log: what was appended last is written by its end") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      read(*log);
      log->lead({7}, {});
      for (Ticket ticket = 1; ticket <= 20; ++ticket)
        log->append(new_items(ticket, ticket, {std::to_string(ticket)}));
      CHECK(log->end().puts == 20);
    }
    CHECK(read(*logs.open()).items.size() == 20);
  });
}

TEST_CASE("every commit log: a batch that settles what another one put leaves nothing of it") {
  on_each([](const Logs& logs) {
    CAPTURE(logs.name);
    {
      auto log = logs.open();
      read(*log);
      log->lead({7}, {});
      append(*log, new_items(1, 1, {"a", "b"}));
      Batch settles;
      settles.ticket = 2;
      settles.last = {2};
      settles.erased.push_back({1});
      append(*log, std::move(settles));
      log->end();
    }
    CHECK(read(*logs.open()).items == std::map<std::uint64_t, std::string>{{2, "b"}});
  });
}

}  // namespace
}  // namespace baton::internal::broker::test
