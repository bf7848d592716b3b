// A printer whose reader is stuck, or has gone.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <baton/printer.hpp>
#include <thread>

#include "os/wake.hpp"
#include "printer/program/output.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

constexpr std::size_t count = 100;

std::string line(std::size_t number) { return std::to_string(number) + std::string(1000, '.'); }

// A pipe with room for a page, that nobody reads until the test does.
struct SmallPipe {
  SmallPipe() {
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 0);
  }
  ~SmallPipe() { close(ends[0]), close(ends[1]); }
  void wait_for_bytes() const {
    pollfd item{ends[0], POLLIN, 0};
    REQUIRE(poll(&item, 1, static_cast<int>(soon / 1ms)) == 1);
  }
  std::string read_all() const {
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string all(65536, '\0');
    const auto got = read(ends[0], all.data(), all.size());
    all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return all;
  }
  int ends[2];
};

Args whole_lines(std::string text) {
  Args all;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    all.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  return all;
}

}  // namespace

TEST_CASE(
    "printer: stop ends it though its reader is stuck and the next one goes on with the line that "
    "was cut") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (std::size_t i = 0; i < count; ++i) producer.print(line(i));
  producer.flush();
  SmallPipe stuck;
  {
    Printer printer(Options().broker(broker.address()));
    Wake stop;
    baton::internal::Output output(stuck.ends[1], stop, [&printer] { printer.stop(); });
    std::thread thread(
        [&] { printer.run([&output](std::string_view lines) { return output.write(lines); }); });
    stuck.wait_for_bytes();
    const auto begin = Clock::now();
    stop.signal();
    printer.stop();
    thread.join();
    CHECK(milliseconds(Clock::now() - begin) < 5000);
    printer.close();
  }
  Args got = whole_lines(stuck.read_all());
  CHECK(got.size() < count);
  Process next = broker.printer();
  while (got.size() < count) {
    const auto one = next.out().next();
    REQUIRE(one);
    got.push_back(one->text);
  }
  for (std::size_t i = 0; i < count; ++i) CHECK(got[i] == line(i));
}

TEST_CASE("printer: when its reader has gone it ends by itself and exits 0") {
  Broker broker;
  Process printer({"/bin/bash", "-c",
                   "set -o pipefail; " + program_path("baton-printer") + " --broker " +
                       broker.address() + " | head -1"});
  Producer producer(producer_of(broker));
  producer.print("one");
  CHECK_MESSAGE(printer.wait() == 0, printer.err().text());
  CHECK(printer.out().text() == "one\n");
  CHECK(printer.err().text() == "");
}
