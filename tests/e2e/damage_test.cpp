// Data that is damaged: it is refused, and named, or nothing that matters was hit. No wrong item is
// ever served.
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr int items = 3000;
constexpr std::uint64_t ordinary_places = 150;
constexpr int served_every = 25;  // of those that --check found whole, so many are served, too

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string body(int i) {
  return std::to_string(i) +
         std::string(static_cast<std::size_t>(i % 50 == 0 ? 9000 : i % 150), 'x');
}

/// Items of several sizes, some acked, some dead, of a broker that was killed.
void fill(DurableBroker& broker) {
  Producer producer(producer_of(*broker));
  for (int i = 0; i < items; ++i) producer.put(body(i));
  producer.flush();
  Consumer consumer(consumer_of(*broker));
  for (int i = 0; i < items / 10; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    if (i % 10 == 0)
      item->fail("broken", 1h);
    else
      item->ack();
  }
  consumer.close();
  broker.kill();
}

/// Cuts the file off, or flips a bit of it.
std::string damaged(std::string bytes, std::mt19937_64& random) {
  const auto place = random() % 100 == 0 ? 0 : random() % bytes.size();
  if (random() % 2 == 0)
    bytes.resize(place);
  else
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << random() % 8));
  return bytes;
}

/// What is ready is served as it was put.
void check_served(const std::string& directory) {
  Broker broker({"--data", directory});
  Consumer consumer(consumer_of(broker));
  int wrong = 0, got = 0;
  for (int i = items / 10; i < items; ++i, ++got) {
    auto item = consumer.try_get(soon);
    wrong += !item || item->body() != body(i);
    if (!item) break;
    item->ack();
  }
  CHECK_MESSAGE(wrong == 0, broker.process().err().text());
  CHECK(got == items - items / 10);
}

/// A broker that is to serve it says the same: what is wrong, unless reading it is a fault.
void check_refused_alike(const std::string& directory, const std::string& said) {
  if (said.find("made this process fault") != said.npos) return;
  Process broker = start("baton-broker", {"--data", directory});
  CHECK(broker.wait() == 1);
  CHECK(broker.err().text() == said);
}

}  // namespace

TEST_CASE(
    "damage: data that is cut off or has a bit flipped is refused and named, or all of it is "
    "served") {
  DurableBroker broker;
  fill(broker);
  const std::filesystem::path whole = broker.directory().path();
  const auto bytes = read_file(whole / "baton.mdb");
  const TemporaryDirectory copy;
  std::mt19937_64 random(5);  // NOLINT: the same each time
  std::uint64_t refused = 0, harmless = 0;
  const auto places = number_of("BATON_DAMAGES", ordinary_places);
  for (std::uint64_t i = 0; i < places; ++i) {
    std::filesystem::remove_all(copy.path());
    std::filesystem::copy(whole, copy.path());
    write_file(std::filesystem::path(copy.path()) / "baton.mdb", damaged(bytes, random));
    Process check = start("baton-broker", {"--check", "--data", copy.path()});
    const auto code = check.wait();
    REQUIRE(code);
    if (*code != 0) {
      ++refused;
      const auto said = check.err().text();
      const bool named = said.find("damaged") != said.npos || said.find("cut off") != said.npos ||
                         said.find("missing or empty") != said.npos;
      CHECK_MESSAGE(named, said);
      CHECK_MESSAGE(said.find(copy.path()) != said.npos, said);
      if (refused % 8 == 1) check_refused_alike(copy.path(), said);
    } else if (++harmless % served_every == 1) {
      check_served(copy.path());
    }
  }
  MESSAGE("", places, " places of ", bytes.size(), " bytes: ", refused, " refused, ", harmless,
          " where nothing was");
  CHECK(refused + harmless == places);
  CHECK(refused > places / 3);
}
