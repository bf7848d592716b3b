// A great many dead items of producers that are away: what is kept of them is bounded, and all are
// counted.
#include <signal.h>

#include <filesystem>

#include "tests/support/inspect.hpp"
#include "tests/support/library.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr int away = 1000, items_of_each = 1000;

Options of_load(const Broker& broker, const Runtime& runtime, int n) {
  auto options = producer_of(broker);
  options.runtime(runtime).name("load-" + std::to_string(n));
  return options;
}

void put_all(const Broker& broker, const Runtime& runtime) {
  for (int n = 0; n < away; ++n) {
    Producer producer(of_load(broker, runtime, n));
    for (int i = 0; i < items_of_each; ++i)
      producer.put("item " + std::to_string(i) + std::string(90, ' '));
    producer.close();
  }
}

void fail_all(const Broker& broker) {
  auto options = consumer_of(broker);
  Consumer consumer(options.prefetch(4096));
  for (int left = away * items_of_each; left > 0;) {
    auto batch =
        consumer.get_batch(2048, std::chrono::duration_cast<std::chrono::milliseconds>(soon));
    REQUIRE_FALSE(batch.empty());
    left -= static_cast<int>(batch.size());
    for (auto& item : batch)
      item.fail("no such mailbox: the address is not one that this host knows");
  }
  consumer.flush();
  consumer.close();
}

}  // namespace

TEST_CASE("dead: bodies are shown with their NUL bytes, of long bodies and reasons the beginning") {
  Broker broker({"--max-attempts", "1"});
  const std::string reason(3000, 'x');
  const TemporaryFile binary(std::string("a\0b\n", 4)), large(std::string(5000, 'y'));
  Process producer = broker.producer({"--wait", "--whole", binary.path(), large.path()});
  Consumer consumer(consumer_of(broker));
  for (int i = 0; i < 2; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    item->fail(reason);
  }
  consumer.close();
  CHECK(producer.wait() == 3);
  const auto why = "1 failure; last: " + std::string(200, 'x') + "... (3000 bytes) at ";
  const auto said = producer.err().text();
  for (const auto& shown : {std::string(R"(dead: a\x00b\n (item )"),
                            "dead: " + std::string(200, 'y') + "... (5000 bytes) (item ", why})
    CHECK_MESSAGE(said.find(shown) != said.npos, said);
  const auto line = broker.process().err().next_with(" is dead after 1 failure: ");
  REQUIRE(line);
  CHECK(line->text.ends_with(": " + std::string(200, 'x') + "... (3000 bytes) (1 dead item)"));
}

TEST_SUITE("timed") {
  TEST_CASE(
      "dead: a million items of a thousand producers that are away grow the broker by 64 MiB") {
    if (!BATON_MEMORY_COUNTS) return;
    const TemporaryDirectory directory;
    const auto file = directory.path() + "/baton.mdb";
    for (const bool durable : {false, true}) {
      CAPTURE(durable);
      Args args{"--max-attempts", "1"};
      if (durable) args.insert(args.end(), {"--data", directory.path()});
      Broker broker(args);
      const Runtime runtime;
      put_all(broker, runtime);
      const auto waiting = broker.process().memory();
      const auto waiting_file = durable ? std::filesystem::file_size(file) : 0;
      fail_all(broker);
      const auto dead = broker.process().memory();
      MESSAGE("memory: ", waiting >> 20, " MiB with all waiting, ", dead >> 20, " with all dead");
      CHECK(dead <= waiting + (64u << 20));
      if (durable) CHECK(std::filesystem::file_size(file) <= waiting_file + (64u << 20));

      for (const int n : {away - 1, 0}) {
        Producer producer(of_load(broker, runtime, n));
        producer.join();
        CHECK(producer.counts().dead == items_of_each);
        CHECK((n == 0 || producer.dead_items().size() >= 20));
      }
      broker.process().signal(SIGTERM);
      broker.process().wait(soon);
      CHECK(broker.process().err().text().find("990000 dead items were dropped") !=
            std::string::npos);
    }
  }
}
