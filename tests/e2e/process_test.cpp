// The vocabulary itself, on programs that every system has.
#include "tests/support/process.hpp"

#include <signal.h>

#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

TEST_CASE("a process: its lines, its broken line and its exit code") {
  Process shell({"/bin/sh", "-c", "echo one; echo two >&2; printf broken; exit 7"});
  CHECK(shell.out().next()->text == "one");
  CHECK(shell.err().next()->text == "two");
  CHECK(shell.wait() == 7);
  CHECK(shell.out().unfinished() == "broken");
  CHECK_FALSE(shell.out().next());
}

TEST_CASE("a process: input, deadlines and signals") {
  Process cat({"/bin/cat"});
  CHECK_FALSE(cat.out().next(1ms));
  CHECK_FALSE(cat.wait(1ms));
  cat.write("there\nand back\n");
  CHECK(cat.out().next_with("back")->text == "and back");
  cat.signal(SIGTERM);
  CHECK(cat.wait() == 128 + SIGTERM);
}

TEST_CASE("a process: what it uses, and its end with this object") {
  pid_t pid = 0;
  {
    Process busy({"/bin/sh", "-c", "echo ready; while :; do :; done"});
    REQUIRE(busy.out().next());
    const auto before = busy.cpu_time();
    CHECK_FALSE(busy.wait(50ms));
    CHECK(busy.cpu_time() - before > 5ms);
    CHECK(busy.memory() > 0);
    pid = busy.pid();
  }
  CHECK(kill(pid, 0) == -1);
}

TEST_CASE("a program that cannot be started ends with 127") {
  Process none({"/nowhere/program"});
  CHECK(none.wait() == 127);
}
