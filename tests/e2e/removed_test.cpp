// The data directory is removed under a broker that runs: it ends, says why, and confirms nothing
// more.
#include <filesystem>
#include <functional>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

/// Items are kept, `harm` is done, and the broker ends by itself.
Clock::duration ends_after(DurableBroker& broker, const std::string& word,
                           const std::function<void(const std::filesystem::path&)>& harm) {
  Producer producer(producer_of(*broker));
  producer.put("kept");
  producer.flush();
  harm(broker.directory().path());
  const auto begin = Clock::now();
  CHECK(broker->process().wait() == 1);
  CHECK_MESSAGE(broker->process().err().text().find(word) != std::string::npos,
                broker->process().err().text());
  return Clock::now() - begin;
}

void remove_all_in(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    std::filesystem::remove(entry.path());
}

}  // namespace

TEST_CASE("removed: a broker whose data was removed ends and names the file") {
  DurableBroker broker;
  ends_after(broker, "was removed while this broker used it", remove_all_in);
}

TEST_CASE("removed: a put that comes after the data was removed is not confirmed") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  producer.put("kept");
  producer.flush();
  std::filesystem::remove(std::filesystem::path(broker.directory().path()) / "baton.mdb");
  producer.put("lost");
  CHECK(broker->process().wait() == 1);
  producer.stop();
  CHECK_THROWS_AS(producer.flush(), Error);
}

TEST_CASE(
    "removed: an older copy that is copied over the data in place ends the broker and nothing more "
    "is confirmed") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  const std::filesystem::path directory = broker.directory().path();
  const auto keep = [&](const std::string& body) {
    producer.put(body);
    producer.flush();
  };
  keep("kept");
  std::filesystem::copy(directory / "baton.mdb", directory / "old.mdb");
  keep("later");
  std::filesystem::copy(directory / "old.mdb", directory / "baton.mdb",
                        std::filesystem::copy_options::overwrite_existing);
  producer.put("lost");
  CHECK(broker->process().wait() == 1);
  const auto said = broker->process().err().text();
  CHECK_MESSAGE(said.find(directory.string()) != said.npos, said);
  CHECK_MESSAGE(said.find("while this broker used it") != said.npos, said);
  producer.stop();
  CHECK_THROWS_AS(producer.flush(), Error);
}

TEST_CASE("removed: a broker whose data was cut off ends and says so") {
  DurableBroker broker;
  ends_after(broker, "was cut off while this broker used it", [](const auto& directory) {
    std::filesystem::resize_file(directory / "baton.mdb", 0);
  });
}

TEST_CASE(
    "removed: a page of the data that is not there any more when it is read ends the broker with a "
    "word") {
  DurableBroker broker;
  broker->process().signal(SIGBUS);  // as the kernel says it
  CHECK(broker->process().wait() == 1);
  const auto said = broker->process().err().text();
  CHECK_MESSAGE(
      said.find("the data in " + broker.directory().path() + " was cut off while") != said.npos,
      said);
}

TEST_CASE(
    "check: it only reads, so that a copy may be another user's or on a disk that is mounted "
    "read-only") {
  DurableBroker broker;
  {
    Producer producer(producer_of(*broker));
    producer.put("kept");
    producer.flush();
  }
  const auto check = [](const std::string& directory) {
    Process process = start("baton-broker", {"--check", "--data", directory});
    const auto code = process.wait();
    return std::to_string(code.value_or(-1)) + " " + process.out().text() + process.err().text();
  };
  const auto in_use = check(broker.directory().path());
  CHECK_MESSAGE(in_use.find("another broker uses it") != in_use.npos, in_use);
  broker.kill();
  const TemporaryDirectory copy;
  std::filesystem::copy(std::filesystem::path(broker.directory().path()) / "baton.mdb",
                        copy.path());
  const auto said = check(copy.path());
  CHECK_MESSAGE(said.starts_with("0 "), said);
  CHECK_MESSAGE(said.find(": whole, 1 items") != said.npos, said);
  for (const auto& entry : std::filesystem::directory_iterator(copy.path()))
    CHECK(entry.path().filename() == "baton.mdb");
}

TEST_CASE(
    "removed: without the lock's file a second broker does not get the data and the first one "
    "ends") {
  DurableBroker broker;
  ends_after(broker, "while this broker used it", [](const auto& directory) {
    std::filesystem::remove(directory / "lock");
    Process second = start("baton-broker", {"--port", "0", "--data", directory.string()});
    CHECK(second.wait().value_or(0) != 0);
    CHECK_MESSAGE(second.err().text().find("another broker uses it") != std::string::npos,
                  second.err().text());
  });
}

TEST_SUITE("timed-waits") {
  TEST_CASE("removed: it is noticed within a second") {
    DurableBroker broker;
    CHECK(ends_after(broker, "was removed while", remove_all_in) < 1500ms);
  }
}
