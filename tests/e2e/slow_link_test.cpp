// Large bodies, and long console lines, over a link that is slower than a message may take:
// they arrive in about the time that their bytes take, sent once, and nobody is held for dead
// meanwhile. Longer forms: BATON_LINK_MBIT, BATON_LINK_MIB (of an item), BATON_LINK_ITEMS.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/support/namespace.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/test_line.hpp"

using namespace baton::internal::e2e;

namespace {

const auto mbit = number_of("BATON_LINK_MBIT", 40);
const auto mib = number_of("BATON_LINK_MIB", 16);
const auto items = number_of("BATON_LINK_ITEMS", 3);
constexpr std::uint64_t window_mib = 8, program_mib = 10;

/// A loopback device as slow as that; what it carries both ways shares it. In packets that are
/// large enough for headers and what TCP says in answer to be little.
std::string slow_loopback(std::uint64_t rate) {
  return "ip link set lo mtu 9000; tc qdisc add dev lo root tbf rate " + std::to_string(rate) +
         "mbit burst 32k latency 200ms";
}

/// Bytes that have gone over the loopback device of the process's network.
double carried(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/net/dev");
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string name;
    double bytes = 0;
    if (in >> name >> bytes && name == "lo:") return bytes;
  }
  return 0;
}

struct Transfer {
  double bytes = static_cast<double>(items * (mib << 20));
  double seconds = bytes * 8 / static_cast<double>(mbit) / 1e6;
  Clock::duration within =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds * 3 + 20));

  void check(Clock::time_point begin, double carried_bytes) const {
    const auto took = milliseconds(Clock::now() - begin);
    MESSAGE(took, " ms, ", carried_bytes, " bytes; the items' bytes: ", 1000 * seconds, " ms, ",
            bytes);
    CHECK(took < 1200 * seconds + 1000);
    CHECK(carried_bytes < 1.05 * bytes);
  }
};

constexpr LineSizes long_lines{900'000, 0};

std::string first_line_of(const std::string& who) {
  std::mt19937_64 random(std::hash<std::string>{}(who));
  return test_line({who, 1}, long_lines.draw(random));
}

/// A writer whose first line is nearly as long as that.
std::string long_winded() {
  for (std::uint64_t n = 1;; ++n)
    if (const auto who = "writer-" + std::to_string(n); first_line_of(who).size() > 800'000)
      return who;
}

}  // namespace

TEST_CASE(
    "slow link: a console line that takes longer than a message may take is said and printed "
    "once") {
  const Namespace network{slow_loopback(2)};  // 3.2 s to the broker, and as long to the printer
  SKIP_UNLESS(network.why_not().empty(), network.why_not());
  const auto who = long_winded();
  Process broker = network.start("baton-broker", {"--memory"});
  REQUIRE(broker.out().next_with("ready on "));
  Process printer = network.start("baton-printer", {});
  Process writer =
      network.start("test-writer", {"localhost", who, "1", std::to_string(long_lines.most), "0"});
  CHECK(writer.wait(20s) == 0);
  const auto printed = printer.out().next(20s);
  REQUIRE(printed);
  CHECK(printed->text == first_line_of(who));
  CHECK_MESSAGE(broker.err().text().find("is gone") == std::string::npos, broker.err().text());
}

TEST_SUITE("timed-waits") {
  TEST_CASE("slow link: large items are put and given in the time of their bytes and sent once") {
    const Namespace network{slow_loopback(mbit)};
    SKIP_UNLESS(network.why_not().empty(), network.why_not());
    std::string lines;
    for (std::uint64_t i = 0; i < items; ++i)
      lines += std::string((mib << 20) - 1, static_cast<char>('a' + i % 26)) + "\n";
    const TemporaryFile file(lines);
    Process broker = network.start("baton-broker", {"--memory"});
    REQUIRE(broker.out().next_with("ready on "));
    const Transfer transfer;

    auto begin = Clock::now();
    auto before = carried(broker.pid());
    Process producer = network.start("baton-producer", {"--raw", "--file", file.path()});
    std::uint64_t peak = 0;
    std::optional<int> code;
    while (!(code = producer.wait(20ms)) && Clock::now() < begin + transfer.within)
      peak = std::max<std::uint64_t>(peak, producer.peak_memory() >> 20);
    CHECK(code == 0);
    transfer.check(begin, carried(broker.pid()) - before);
    MESSAGE("the producer took ", peak, " MiB");
    // What is under way, a window that the last item may exceed, and the item that waits for it.
    if (memory_counts) CHECK(peak <= std::max(window_mib, mib) + mib + program_mib);

    begin = Clock::now();
    before = carried(broker.pid());
    std::vector<Process> consumers;
    for (std::uint64_t i = 0; i < items; ++i)
      consumers.push_back(network.start("baton-consumer", {"--count", "1"}));
    for (auto& consumer : consumers) CHECK(consumer.wait(transfer.within) == 0);
    transfer.check(begin, carried(broker.pid()) - before);
    CHECK_MESSAGE(broker.err().text().find("is gone") == std::string::npos, broker.err().text());
  }
}
