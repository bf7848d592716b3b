// A disk that is full: producers wait and say why, nothing that was confirmed is lost, and work
// goes on and makes room.
#include <unistd.h>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/small_disk.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr std::uint64_t disk_bytes = 40u << 20;
constexpr int lines = 5000;
constexpr std::size_t line_size = 10'000;  // all of them do not fit

std::string line_of(int i) {
  auto line = std::to_string(i) + ' ';
  line.resize(line_size, '.');
  return line;
}

std::string lines_up_to(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line_of(i) + '\n';
  return text;
}

/// Gets the first lines in order, each once; gives the first that does not come so.
int in_order(Consumer& consumer, int count) {
  for (int i = 0; i < count; ++i) {
    auto item = consumer.try_get(soon);
    if (!item || item->body() != line_of(i)) return i;
    item->ack();
  }
  return count;
}

bool says_storage_is_full(Process& producer) {
  return producer.err().next_with("storage is full", 60s).has_value();
}

}  // namespace

TEST_CASE("full disk: producers wait and say why, and go on when consumers have made room") {
  const TemporaryDirectory directory;
  SmallDisk disk(directory.path() + "/data", disk_bytes);
  SKIP_UNLESS(disk.can_fill(), disk.why_not());
  const TemporaryFile file(lines_up_to(lines));
  Broker broker({"--data", disk.path().string()});
  Process producer = broker.producer({"--raw", "--file", file.path()});
  REQUIRE(says_storage_is_full(producer));
  REQUIRE_FALSE(producer.wait(300ms));
  Consumer consumer(consumer_of(broker));
  CHECK(in_order(consumer, lines) == lines);
  CHECK(producer.wait() == 0);
}

TEST_CASE(
    "full disk: a broker that is killed meanwhile loses nothing, and goes on when there is room") {
  const TemporaryDirectory directory;
  SmallDisk disk(directory.path() + "/data", disk_bytes);
  SKIP_UNLESS(disk.can_fill(), disk.why_not());
  const TemporaryFile file(lines_up_to(lines));
  const Args at_disk{"--data", disk.path().string()};
  std::optional<Broker> broker(at_disk);
  Process producer = broker->producer({"--raw", "--file", file.path()});
  REQUIRE(says_storage_is_full(producer));
  broker->process().signal(SIGKILL);
  REQUIRE(broker->process().wait());
  broker.emplace(Args{"--data", disk.path().string(), "--port", broker->port()});
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, lines) == lines);
  CHECK(producer.wait() == 0);
}

TEST_CASE("full disk: a broker that ends meanwhile counts what is on disk and no more") {
  const TemporaryDirectory directory;
  SmallDisk disk(directory.path() + "/data", disk_bytes);
  SKIP_UNLESS(disk.can_fill(), disk.why_not());
  const TemporaryFile file(lines_up_to(lines));
  Broker broker({"--data", disk.path().string()});
  Process producer = broker.producer({"--raw", "--file", file.path()});
  REQUIRE(says_storage_is_full(producer));
  broker.process().signal(SIGTERM);
  REQUIRE(broker.process().wait() == 0);
  producer.signal(SIGKILL);
  Process check = start("baton-broker", {"--check", "--data", disk.path().string()});
  CHECK(check.wait() == 0);
  const auto whole = check.out().text();
  const auto begin = whole.find("whole, ") + 7;
  const auto items = whole.substr(begin, whole.find(" items") - begin);
  const auto said = broker.process().err().text();
  CHECK_MESSAGE(said.find(" came in; " + items + " were written to disk") != said.npos, said,
                whole);
}

TEST_CASE("full disk: what others took and give back is used again, with nobody's doing") {
  const TemporaryDirectory directory;
  SmallDisk disk(directory.path() + "/data", disk_bytes);
  SKIP_UNLESS(disk.can_fill(), disk.why_not());
  constexpr int few = 1000;
  const TemporaryFile file(lines_up_to(few));
  Broker broker({"--data", disk.path().string()});
  Consumer consumer(consumer_of(broker));
  disk.fill();
  Process producer = broker.producer({"--raw", "--file", file.path()});
  REQUIRE(says_storage_is_full(producer));
  const auto why = broker.process().err().next_with("new items cannot be stored");
  REQUIRE(why);
  CHECK(why->text == "baton-broker: new items cannot be stored, producers wait: the disk of " +
                         disk.path().string() +
                         " is full (make room there: all continues by itself)");
  disk.make_room();
  REQUIRE(broker.process().err().next_with("new items are stored again"));
  CHECK(producer.wait() == 0);
  CHECK(in_order(consumer, few) == few);
}

TEST_CASE("full disk: a broker that starts on one says so, and not that its data is damaged") {
  const TemporaryDirectory directory;
  SmallDisk disk(directory.path() + "/data", disk_bytes);
  SKIP_UNLESS(disk.can_fill(), disk.why_not());
  const auto full = [&](const std::string& data) {
    Process broker({program_path("baton-broker"), "--port", "0", "--data", data});
    CHECK(broker.wait() == 1);
    CHECK(broker.err().text().find("No space left on device (make room there)") !=
          std::string::npos);
  };
  const auto kept = disk.path().string() + "/kept";
  { Broker broker({"--data", kept}); }
  std::filesystem::remove(kept + "/baton.mdb-lock");  // as in a copy that was restored
  disk.fill();
  full(kept);
  full(disk.path().string() + "/new");
}
