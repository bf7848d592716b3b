// The data directory is removed under a broker that runs: it ends, says why, and confirms nothing more.
#include <filesystem>
#include <functional>

#include "tests/e2e/kept_broker.hpp"
#include "tests/e2e/library.hpp"
#include "tests/e2e/show.hpp"

using namespace baton;
using namespace baton::e2e;

namespace {

/// Items are kept, `harm` is done, and the broker ends by itself.
Clock::duration ends_after(KeptBroker& broker, const std::string& word,
                           const std::function<void(const std::filesystem::path&)>& harm) {
  Producer producer(producer_of(*broker));
  producer.put("kept");
  producer.flush();
  harm(broker.directory().path());
  const auto begin = Clock::now();
  CHECK(broker->process().wait() == 1);
  CHECK_MESSAGE(broker->process().err().text().find(word) != std::string::npos, broker->process().err().text());
  return Clock::now() - begin;
}

void remove_all_in(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) std::filesystem::remove(entry.path());
}

}  // namespace

TEST_CASE("removed: a broker whose data was removed ends and names the file") {
  KeptBroker broker;
  ends_after(broker, "was removed while this broker used it", remove_all_in);
}

TEST_CASE("removed: a put that comes after the data was removed is not confirmed") {
  KeptBroker broker;
  Producer producer(producer_of(*broker));
  producer.put("kept");
  producer.flush();
  std::filesystem::remove(std::filesystem::path(broker.directory().path()) / "baton.mdb");
  producer.put("lost");
  CHECK(broker->process().wait() == 1);
  producer.stop();
  CHECK_THROWS_AS(producer.flush(), ClientError);
}

TEST_CASE("removed: without the lock's file a second broker does not get the data and the first one ends") {
  KeptBroker broker;
  ends_after(broker, "while this broker used it", [](const auto& directory) {
    std::filesystem::remove(directory / "lock");
    Process second = start("baton-broker", {"--port", "0", "--data", directory.string()});
    CHECK(second.wait().value_or(0) != 0);
    CHECK_MESSAGE(second.err().text().find("another broker uses it") != std::string::npos, second.err().text());
  });
}

TEST_SUITE("timed") {
  TEST_CASE("removed: it is noticed within a second") {
    KeptBroker broker;
    CHECK(ends_after(broker, "was removed while", remove_all_in) < 1500ms);
  }
}
