// What the programs say of themselves, of wrong options, of a broker that is not there, and of
// their input.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/library.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/show.hpp"
#include "tests/support/skip.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

const Args programs = {"baton-broker", "baton-producer", "baton-consumer", "baton-printer"};

// One line on stderr that contains `part`, nothing on stdout. Exit code 2, for options; 1: it
// cannot go on.
void check_refused(Process process, const std::string& part, int code = 2) {
  CHECK(process.wait() == code);
  const std::string said = process.err().text();
  CAPTURE(said);
  CHECK(process.err().lines().size() == 1);
  CHECK(process.err().unfinished() == "");
  CHECK(said.find(part) != said.npos);
  CHECK(process.out().text() == "");
}

}  // namespace

TEST_CASE("options: a number with zeros before it is decimal") {
  Broker broker;
  const Args items{"1", "2", "3", "4", "5", "6", "7", "8", "9", "ten"};
  Args args{"--priority", "09", "--from", "010"};
  args.insert(args.end(), items.begin(), items.end());
  CHECK(broker.producer(args).wait() == 0);
  Consumer consumer(consumer_of(broker));
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  CHECK(item->body() == R"({"name":"ten"})");
  item->ack();
}

TEST_CASE(
    "options: what says where items are kept is of one mind, and what is to be checked is there") {
  check_refused(start("baton-broker", {"--data", ""}), "--data needs a directory");
  const OtherPort nobody;
  CHECK(start("baton-broker",
              {"--health", "--bind", loopback(), "--port", nobody.port(), "--data", ""})
            .wait() == 1);
  check_refused(start("baton-broker", {"--memory", "--data", "x"}), "--memory");
  check_refused(start("baton-broker", {"--memory", "--check"}), "--memory excludes --check");
  check_refused(start("baton-broker", {"--memory", "--max-memory", "1G"}),
                "--memory excludes --max-memory");
  const Args modes{"--check", "--compact", "--health"};
  for (const auto& one : modes) {
    for (const auto& other : modes)
      if (one < other)
        check_refused(start("baton-broker", {other, one}), one + " excludes " + other);
    check_refused(start("baton-broker", {"--exit-when-done", "--producers", "1", one}),
                  "--exit-when-done excludes " + one);
  }
  const TemporaryDirectory directory;
  const auto missing = directory.path() + "/missing";
  for (const auto* option : {"--check", "--compact"})
    check_refused(start("baton-broker", {option, "--data", missing}), "no data in " + missing, 1);
  CHECK_FALSE(std::filesystem::exists(missing));
}

TEST_CASE("options: --help fits on one screen and names each option with its default") {
  for (const std::string& program : programs) {
    CAPTURE(program);
    Process help = start(program, {"--help"});
    CHECK(help.wait() == 0);
    CHECK(help.err().text() == "");
    const auto lines = help.out().lines();
    CHECK(lines.size() >= 3);
    CHECK(lines.size() <= 30);
    for (const Line& line : lines) CHECK_MESSAGE(line.text.size() <= 100, line.text);
    const std::string text = help.out().text();
    for (const char* leftover : {"Needs:", "Excludes:", "TEXT", "UINT", "INT"})
      CHECK(text.find(leftover) == text.npos);
    CHECK(text.find("--version") != text.npos);
    CHECK(text.find(program == "baton-broker" ? "5555" : "127.0.0.1") != text.npos);
  }
}

TEST_CASE("options: --version is one line") {
  for (const std::string& program : programs) {
    CAPTURE(program);
    Process version = start(program, {"--version"});
    CHECK(version.wait() == 0);
    REQUIRE(version.out().lines().size() == 1);
    CHECK(version.out().text().find("0.1.0") != std::string::npos);
  }
}

TEST_CASE("options: a bad one is refused in one line that names it") {
  for (const std::string& program : programs) {
    CAPTURE(program);
    check_refused(start(program, {"--no-such-option"}), "--no-such-option");
    check_refused(start(program, {program == "baton-broker" ? "--port" : "--broker"}),
                  program == "baton-broker" ? "--port" : "--broker");
  }
}

TEST_CASE("options: a word that begins with - is no word") {
  const OtherPort nobody;
  const std::string at = nobody.address();
  const std::string hint = "(put -- before words that begin with -)";
  check_refused(start("baton-producer", {"--broker", at, "1", "-2", "3"}),
                "unknown option -2 " + hint);
  check_refused(start("baton-producer", {"--broker=" + at, "--flarp", "1"}),
                "unknown option --flarp " + hint);

  const Broker broker;
  Process printer = broker.printer(), consumer = broker.consumer();
  Process producer = broker.producer({"--priority=4", "1", "--", "-2", "--wait"});
  CHECK(producer.wait() == 0);
  CHECK(names(next_got(printer, 3)) == Args{"1", "-2", "--wait"});
}

TEST_CASE("options: values out of range are refused") {
  const OtherPort nobody;
  const std::string at = nobody.address();
  check_refused(start("baton-broker", {"--port", "65536"}), "--port");
  check_refused(start("baton-broker", {"--port", "many"}), "--port");
  check_refused(start("baton-broker", {"--delivery-ports", "7000-6000"}), "--delivery-ports");
  check_refused(start("baton-broker", {"--max-bytes", "12parsecs"}), "--max-bytes");
  check_refused(start("baton-broker", {"--max-bytes", "0.1"}), "--max-bytes");
  check_refused(start("baton-broker", {"--max-bytes", "1e15T"}), "--max-bytes");
  check_refused(start("baton-broker", {"--port", "7000", "--delivery-ports", "7002-7010"}),
                "--delivery-ports");
  check_refused(start("baton-broker", {"--port", "7000", "--delivery-ports", "6990-7000"}),
                "--delivery-ports");
  check_refused(
      start("baton-broker", {"--port", "7000", "--plain", "q", "--delivery-ports", "7004-7010"}),
      "--delivery-ports");
  check_refused(start("baton-broker", {"--max-attempts", "-1"}), "--max-attempts");
  check_refused(start("baton-broker", {"--max-dead", "0"}), "--max-dead");
  check_refused(start("baton-producer", {"--broker", at, "--priority", "10", "Rick"}),
                "--priority");
  check_refused(start("baton-producer", {"--broker", at, "--sleep", "2:1", "Rick"}), "--sleep");
  check_refused(start("baton-producer", {"--broker", at, "--delay", "-1", "Rick"}), "--delay");
  check_refused(start("baton-producer", {"--broker", at, "--queue", "no spaces", "Rick"}), "queue");
  check_refused(start("baton-producer", {"--broker", at, "--file", "/no/such/file"}),
                "/no/such/file");
  check_refused(start("baton-producer", {"--broker", "127.0.0.1:0", "Rick"}), "--broker");
  check_refused(start("baton-consumer", {"--broker", at, "--work", "abc"}), "--work");
  check_refused(start("baton-consumer", {"--broker", at, "--jobs", "0"}), "--jobs");
  check_refused(start("baton-consumer", {"--broker", at, "--queue", ""}), "queue");
  check_refused(start("baton-consumer", {"--broker", at, "--queue", "a", "b"}), "b");
  check_refused(start("baton-consumer", {"--broker", at, "--name", std::string(201, 'x')}),
                "name is too long");
  check_refused(start("baton-producer", {"--broker", at, "--name", std::string(201, 'x'), "Rick"}),
                "name is too long");
  check_refused(start("baton-producer", {"--broker", at, "--name", "", "Rick"}),
                "the name is missing");
  check_refused(start("baton-producer", {"--broker", at, "--delay", "4294968", "Rick"}), "49 days");
}

TEST_CASE("options: what a producer is to put is of one mind") {
  const OtherPort nobody;
  const auto refused = [&](Args args, const std::string& why) {
    args.insert(args.begin(), {"--broker", nobody.address()});
    check_refused(start("baton-producer", args), why);
  };
  refused({"--raw", "--text", "x"}, "--raw or --text");
  refused({"--whole", "--raw", "x"}, "--whole puts each ITEM's file as it is: without --raw");
  refused({"--whole", "--file", "-"}, "--whole puts each ITEM's file as it is: without --raw");
  refused({"-", "--file", "-"}, "stdin (-) can be read once only");
  refused({"--again", "x"}, "--again needs --name");
}

TEST_CASE("options: an empty value is refused") {
  const std::vector<std::pair<std::string, Args>> all = {
      {"baton-broker",
       {"--port", "--bind", "--delivery-ports", "--plain", "--data", "--max-memory", "--max-items",
        "--max-bytes", "--max-attempts", "--max-dead", "--max-dead-total", "--max-notices",
        "--max-sessions", "--console-keep", "--producers", "--consumers"}},
      {"baton-producer",
       {"--broker", "--connect-timeout", "--file", "--name", "--from", "--queue", "--sleep",
        "--priority", "--delay"}},
      {"baton-consumer",
       {"--broker", "--connect-timeout", "--queue", "--sleep", "--work", "--jobs", "--prefetch",
        "--count", "--name"}},
      {"baton-printer", {"--broker", "--connect-timeout"}}};
  const OtherPort nobody;
  for (const auto& [program, options] : all) {
    Args args;
    if (program != "baton-broker") args = {"--broker=" + nobody.address()};
    if (program == "baton-producer") args.push_back("Rick");
    for (const auto& option : options) {
      Args given = option == "--broker" ? Args{} : args;
      given.push_back(option + "=");
      CAPTURE(option);
      check_refused(start(program, given), option == "--queue" ? "queue" : option);
    }
  }
}

TEST_CASE("options: a producer with nothing to put says so") {
  const OtherPort nobody;
  Process producer = start("baton-producer", {"--broker", nobody.address()});
  check_refused(std::move(producer), "");
}

TEST_CASE("options: an unreachable broker ends a client with one line that names the port") {
  const OtherPort nobody;
  const Args at = {"--broker", nobody.address(), "--connect-timeout", "0.5"};
  for (const std::string& program : programs) {
    if (program == "baton-broker") continue;
    CAPTURE(program);
    Args args = at;
    if (program == "baton-producer") args.push_back("Rick");
    const auto begin = Clock::now();
    check_refused(start(program, args), nobody.port());
    CHECK(Clock::now() - begin >= 500ms);
  }
}

TEST_CASE("options: a taken port ends a broker with one line that names it") {
  const Broker first;
  Process second = start("baton-broker", {"--bind", loopback(), "--port", first.port()});
  check_refused(std::move(second),
                first.port() +
                    ": Address already in use (another broker or program uses it: end "
                    "that one, or give another --port)",
                1);
  for (const auto* port : {"0", "5555"})
    check_refused(start("baton-broker", {"--memory", "--bind", "192.0.2.7", "--port", port}),
                  "(give --bind an address of this host)", 1);
}

namespace {

struct Refused {
  std::string program;
  Args args;
  std::string text;
};

}  // namespace

TEST_CASE("options: each mistake is one plain sentence that names the first cause") {
  const std::vector<Refused> all = {
      {"broker", {"--data", "--memory"}, "--data needs a directory"},
      {"broker", {"--memory", "--data"}, "--data needs a directory"},
      {"broker", {"--max-notices", "x"}, "--max-notices needs a number, 0 to 1000000, not 'x'"},
      {"broker", {"--prot", "1"}, "unknown option --prot (did you mean --port?)"},
      {"broker", {"--prot=1"}, "unknown option --prot (did you mean --port?)"},
      {"broker", {"--zzz"}, "unknown option --zzz"},
      {"broker", {"--port"}, "--port needs a number, 0 to 65531"},
      {"broker", {"--port", "many"}, "--port needs a number, 0 to 65531, not 'many'"},
      {"broker", {"--port", "65532"}, "--port needs a number, 0 to 65531, not '65532'"},
      {"broker", {"--port="}, "--port needs a number, 0 to 65531, not ''"},
      {"broker", {"--port", "-1"}, "--port needs a number, 0 to 65531, not '-1'"},
      {"broker", {"--port", "1", "--port", "2"}, "--port is given twice"},
      {"broker",
       {"--delivery-ports"},
       "--delivery-ports needs a range of ports, such as 6000-6099"},
      {"broker", {"--max-bytes"}, "--max-bytes needs a size, such as 64K or 1.5G"},
      {"broker",
       {"--bind", "no-such-host.invalid"},
       "--bind: cannot resolve no-such-host.invalid: "},
      {"broker", {"--bind="}, "--bind: the address is empty; 0.0.0.0 listens on all of IPv4"},
      {"broker", {"--bind", "127.0.0.1:1"}, "--bind: cannot resolve 127.0.0.1:1: "},
      {"broker", {"--health", "--port", "0"}, "--health: --port must be the broker's port, not 0"},
      {"broker", {"start"}, "'start' is not expected: baton-broker takes options only"},
      {"broker", {"--memory=yes"}, "--memory takes no value"},
      {"producer", {"--wait=Rick"}, "--wait takes no value"},
      {"producer", {"--file", "/nope"}, "cannot open /nope: No such file or directory"},
      {"producer", {"--file", ""}, "--file: the name of the file is missing"},
      {"producer",
       {"--whole", "/etc/hostname", "/nope"},
       "--whole: cannot open /nope: No such file or directory"},
      {"producer", {"--whole", ""}, "--whole: the name of the file is missing"},
      {"producer", {"--file", "/tmp"}, "cannot read /tmp: it is a directory"},
      {"producer", {"--file", "--wait"}, "--file needs the name of a file"},
      {"producer", {"--priority", "10", "x"}, "--priority needs a number, 0 to 9, not '10'"},
      {"producer", {"--quue=mail", "x"}, "unknown option --quue (did you mean --queue?)"},
      {"producer", {"x", "--sleep"}, "--sleep needs a range of seconds, such as 0:10"},
      {"producer",
       {"--connect", "1"},
       "unknown option --connect (did you mean --connect-timeout?)"},
      {"producer", {"--broker"}, "--broker needs HOST[:PORT]"},
      {"producer",
       {"--broker", "5555", "x"},
       "--broker: '5555' is not HOST[:PORT]: it is a port only; write HOST:5555, such as "
       "127.0.0.1:5555"},
      {"consumer", {"--jobs", "0"}, "--jobs needs a number, 1 to 1024, not '0'"},
      {"consumer", {"--queue", "a", "b"}, "'b' is not expected: baton-consumer takes options only"},
      {"consumer",
       {"--connect-timeout", "soon"},
       "--connect-timeout: 'soon' is not a number of seconds, such as 10 or 0.5"},
      {"printer",
       {"--broker", "tcp://x"},
       "--broker: 'tcp://x' is not HOST[:PORT]: it is a URL; leave out 'tcp://'"}};
  for (const auto& [name, args, text] : all) {
    CAPTURE(text);
    const auto program = "baton-" + name;
    check_refused(start(program, args), program + ": " + text + (text.ends_with(' ') ? "" : "\n"));
  }
}

TEST_CASE("options: what comes from the environment is called by that name and is shown as it is") {
  const auto with = [](const std::string& value) {
    return Process({"/usr/bin/env", "BATON_BROKER=" + value, program_path("baton-printer"),
                    "--connect-timeout", "0"});
  };
  check_refused(with("tcp://x"),
                "baton-printer: BATON_BROKER: 'tcp://x' is not HOST[:PORT]: it is a URL");
  check_refused(with("host:1\r"),
                "BATON_BROKER: 'host:1\\r' is not HOST[:PORT]: the port must be 1 to 65531");
  check_refused(with(""), "no broker answers at 127.0.0.1:5555");
  Process help({"/usr/bin/env", "BATON_BROKER=tcp://x", program_path("baton-producer"), "--help"});
  CHECK(help.wait() == 0);
  CHECK(help.out().text().find("--broker") != std::string::npos);
}

TEST_CASE("options: where there is no directory for items the first cause is said too") {
  // Root may write everywhere, so it lets a user without rights try, who must be able to reach the
  // program.
  const bool root = geteuid() == 0;
  const TemporaryDirectory directory;
  const auto program = root ? directory.path() + "/baton-broker" : program_path("baton-broker");
  if (root) {
    std::filesystem::copy(program_path("baton-broker"), program);
    std::filesystem::permissions(directory.path(), std::filesystem::perms{0755});
  }
  const auto broker = [&](const Args& environment, const Args& args) {
    Args argv{"/usr/bin/env", "-i"};
    argv.insert(argv.end(), environment.begin(), environment.end());
    if (root)
      argv.insert(argv.end(),
                  {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    argv.insert(argv.end(), {program, "--port", "0"});
    argv.insert(argv.end(), args.begin(), args.end());
    return Process(argv);
  };
  const TemporaryFile file("no directory");
  check_refused(broker({}, {"--data", file.path()}),
                "cannot use the data directory " + file.path() +
                    ": Not a directory (give --data another directory)",
                1);
  if (root) {
    const TemporaryDirectory others;  // 0700
    const auto no_right = [](const std::string& path) {
      return "cannot use the data directory " + path + ": Permission denied";
    };
    const auto new_one = directory.path() + "/new", hidden = others.path() + "/data";
    check_refused(broker({}, {"--data", new_one}), no_right(new_one), 1);
    check_refused(broker({}, {"--check", "--data", hidden}), no_right(hidden), 1);
  }
  const bool fallback =
      root || (access("/var/lib/baton", W_OK) != 0 && access("/var/lib", W_OK) != 0);
  SKIP_UNLESS(fallback, "this user may write /var/lib, so that no other directory is looked for");
  check_refused(broker({}, {}),
                "neither XDG_STATE_HOME nor HOME is set): give --data DIR, or --memory");
  check_refused(broker({"HOME=" + file.path()}, {}), "(nor /var/lib/baton: ", 1);
}
