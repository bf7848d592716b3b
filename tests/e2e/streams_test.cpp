// Where programs write to: a log whose reader has gone or does not read, a full disk, closed
// descriptors; and what others may make them write.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "os/log.hpp"
#include "tests/support/library.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/ports.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

// A pipe with room for a page, for a program that opens it by its path.
class SmallPipe {
 public:
  SmallPipe() {
    REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    REQUIRE(fcntl(ends_[1], F_SETPIPE_SZ, 4096) >= 0);
  }
  ~SmallPipe() { close(ends_[0]), close(ends_[1]); }
  SmallPipe(const SmallPipe&) = delete;
  SmallPipe& operator=(const SmallPipe&) = delete;

  int writer() const { return ends_[1]; }
  std::string path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(ends_[1]);
  }
  // Reads until `part` has come. All that came.
  std::string read_until(std::string_view part) {
    const auto deadline = Clock::now() + soon;
    while (all_.find(part) == all_.npos && Clock::now() < deadline) read_some();
    return all_;
  }

 private:
  void read_some() {
    pollfd item{ends_[0], POLLIN, 0};
    if (poll(&item, 1, 100) < 1) return;
    char bytes[65536];
    const auto got = read(ends_[0], bytes, sizeof bytes);
    if (got > 0) all_.append(bytes, static_cast<std::size_t>(got));
  }

  int ends_[2];
  std::string all_;
};

Args lines_of(const std::string& text) {
  Args lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A broker with its standard streams as the shell's `redirections` say.
struct ShellBroker {
  explicit ShellBroker(const std::string& redirections, const std::string& exec = "exec ")
      : process({"/bin/bash", "-c",
                 exec + program_path("baton-broker") + " --port 0 --bind " + loopback() +
                     " --memory --max-attempts 1 " + redirections}) {
    const auto ready = process.out().next_with("ready on ");
    REQUIRE(ready);
    const auto begin = ready->text.find("on ") + 3;
    address = ready->text.substr(begin, ready->text.find(',') - begin);
  }
  Process client(const std::string& program, Args args) const {
    args.insert(args.begin(), {"--broker", address});
    return start(program, args);
  }

  Process process;
  std::string address;
};

// Three items die of reasons that fill a small pipe; a consumer is killed, and another one gets its
// item.
void make_it_log(const ShellBroker& broker) {
  const auto options = std::move(Options().broker(broker.address));
  Producer producer(options);
  {
    Consumer consumer(options);
    for (int i = 0; i < 3; ++i) producer.put("x");
    for (int i = 0; i < 3; ++i) {
      auto item = consumer.try_get(soon);
      REQUIRE(item);
      item->fail(std::string(4000, 'x'));
    }
    CHECK(producer.join().dead == 3);
  }
  Process printer = broker.client("baton-printer", {});
  Process killed = broker.client("baton-consumer", {"--work", "60:60"});
  producer.put("y");
  REQUIRE(printer.out().next_with(" got y"));
  killed.signal(SIGKILL);
  CHECK(producer.join().dead == 4);
}

void require_works(const ShellBroker& broker) {
  Process consumer = broker.client("baton-consumer", {});
  Process producer = broker.client("baton-producer", {"--wait", "after"});
  CHECK(producer.wait() == 0);
}

void require_ends(ShellBroker& broker) {
  broker.process.signal(SIGTERM);
  CHECK(broker.process.wait() == 0);
}

}  // namespace

TEST_CASE("log: its reader has gone, and the broker serves") {
  ShellBroker broker("2> >(exec true)");
  make_it_log(broker);
  require_works(broker);
  require_ends(broker);
}

TEST_CASE("log: its disk is full, and the broker serves") {
  ShellBroker broker("2> /dev/full");
  make_it_log(broker);
  require_works(broker);
  require_ends(broker);
}

TEST_CASE("log: its reader does not read, and the broker serves, later it is read whole") {
  SmallPipe pipe;
  ShellBroker broker("2> " + pipe.path());
  make_it_log(broker);
  require_works(broker);
  CHECK(pipe.read_until("is gone").find("baton-broker: item ") == 0);
  require_ends(broker);
}

TEST_CASE("log: what waits is bounded, and what is left out is counted in its place") {
  for (const bool non_blocking : {false, true}) {
    CAPTURE(non_blocking);
    SmallPipe pipe;
    if (non_blocking) REQUIRE(fcntl(pipe.writer(), F_SETFL, O_NONBLOCK) == 0);
    baton::internal::Log log(pipe.writer());
    const std::string line(1023, '.');
    constexpr std::size_t lines = 1000;
    for (std::size_t i = 0; i < lines; ++i) log.line(line);
    CHECK(log.left_out() > lines / 2);
    CHECK(log.left_out() < lines);
    std::thread reader([&] { pipe.read_until("after\n"); });
    log.flush();
    log.line("after");
    reader.join();
    const auto all = pipe.read_until("after\n");
    std::size_t whole = 0, missing = 0;
    for (const auto& one : lines_of(all)) {
      whole += one == line;
      if (one.starts_with('[')) missing += std::stoul(one.substr(1));
    }
    CHECK(whole == lines - log.left_out());
    CHECK(missing == log.left_out());
  }
}

TEST_CASE("closed descriptors: the broker serves without any") {
  const auto ports = free_range(5);
  const auto port = ports.substr(0, ports.find('-'));
  Process broker({"/bin/bash", "-c",
                  "exec " + program_path("baton-broker") + " --memory --bind " + loopback() +
                      " --port " + port + " <&- >&- 2>&-"});
  const Args at{"--broker", loopback() + ":" + port};
  const auto with = [&at](Args args) {
    args.insert(args.begin(), at.begin(), at.end());
    return args;
  };
  Process consumer = start("baton-consumer", at);
  for (const auto* name : {"a", "b"}) {
    Process producer = start("baton-producer", with({"--wait", name}));
    CHECK_MESSAGE(producer.wait() == 0, producer.err().text());
    Process killed = start("baton-printer", at);
    killed.signal(SIGKILL);
  }
  broker.signal(SIGTERM);
  CHECK(broker.wait() == 0);
}

TEST_CASE(
    "closed descriptors: a consumer serves without any, a printer without stdout says that it "
    "cannot write") {
  Broker broker;
  const auto shell = [&](const std::string& program, const std::string& rest) {
    return Process(
        {"/bin/bash", "-c",
         "exec " + program_path(program) + " --broker " + broker.address() + " " + rest});
  };
  Process consumer = shell("baton-consumer", "<&- >&- 2>&-");
  Process producer = shell("baton-producer", "--wait a b >&- 2>&-");
  CHECK(producer.wait() == 0);
  Process printer = shell("baton-printer", ">&-");
  CHECK(printer.wait() == 1);
  CHECK(printer.err().text() == "baton-printer: cannot write: stdout is closed\n");
  Process full = shell("baton-printer", "> /dev/full");
  CHECK(full.wait() == 1);
  CHECK(full.err().text() == "baton-printer: cannot write: No space left on device\n");
  Process next = broker.printer();
  CHECK(next.out().next_with("Producer " + std::to_string(producer.pid()) +
                             " exiting..."));  // confirmed into nothing
}

TEST_CASE("help that nobody can read is an error") {
  for (const std::string option : {"--help", "--version"}) {
    Process program({"/bin/bash", "-c",
                     "exec " + program_path("baton-producer") + " " + option + " > /dev/full"});
    CHECK(program.wait() == 1);
    CHECK(program.err().text() == "baton-producer: cannot write to standard output\n");
  }
}

TEST_CASE(
    "files that may grow no further: a printer says so, and a broker whose log is one serves") {
  const TemporaryDirectory directory;
  const auto at_most = [](const std::string& size) { return "ulimit -f " + size + "; exec "; };
  ShellBroker broker("2> " + directory.path() + "/log", at_most("1"));
  Process printer({"/bin/bash", "-c",
                   at_most("1") + program_path("baton-printer") + " --broker " + broker.address +
                       " > " + directory.path() + "/printed"});
  make_it_log(broker);
  Process consumer = broker.client("baton-consumer", {});
  std::optional<int> code;
  for (int i = 0; i < 100 && !code; ++i) {  // until the printer has come, too
    CHECK(broker.client("baton-producer", {"--wait", std::string(2000, 'x')}).wait() == 0);
    code = printer.wait(100ms);
  }
  CHECK(code == 1);
  CHECK(printer.err().text() == "baton-printer: cannot write: File too large\n");
  require_ends(broker);
}

TEST_CASE("forged lines: what items and reasons say is shown and does nothing") {
  Broker broker({"--max-attempts", "1"});
  Process printer = broker.printer();
  {
    Consumer consumer(consumer_of(broker));
    Process producer = broker.producer({"--wait", "a\x1b[2J\u202e"});
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    item->fail("no\nbaton-broker: forged \x1b[31m\u009b31m");
    CHECK(producer.wait() == 3);
    const auto said = producer.err().text();
    CAPTURE(said);
    CHECK(producer.err().lines().size() == 1);
    for (const auto* part :
         {R"(a\u001b[2J\u202e)", R"(no\nbaton-broker: forged \x1b[31m\u009b31m)"})
      CHECK(said.find(part) != said.npos);
  }
  CHECK(broker.process().err().next_with(R"(no\nbaton-broker: forged \x1b[31m\u009b31m)"));
  for (const auto& line : broker.process().err().lines())
    CHECK(line.text.starts_with("baton-broker: "));
  Process consumer = broker.consumer();
  Process producer = broker.producer({"--raw", "b\x1b[2J\nforged"});
  CHECK(printer.out().next_with(" got b\\x1b[2J\\nforged"));
}

TEST_CASE("deep bodies: a consumer says what it got and goes on") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer();
  Producer producer(producer_of(broker));
  std::string deep = R"({"name":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  producer.put(deep);
  producer.put(std::string(5'000'000, '['));
  producer.put(R"({"name":"Rick"})");
  CHECK(names(next_got(printer, 3)) ==
        Args{deep.substr(0, 200) + "...", std::string(200, '[') + "...", "Rick"});
  CHECK(producer.join().done == 3);
}
