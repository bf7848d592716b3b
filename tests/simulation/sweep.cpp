#include "tests/simulation/sweep.hpp"

#include <array>
#include <cstdio>
#include <optional>
#include <string_view>

#include "tests/simulation/simulation.hpp"

namespace baton::internal::simulation {
namespace {

/// Messages of a type, or those with an entry of a kind.
struct Kind {
  std::string_view name;
  MessageType type;
  std::optional<EntryKind> entry;

  bool in(std::string_view frame) const {
    Header header;
    if (read_header(frame, header) != Refusal::none || header.type != type) return false;
    if (!entry) return true;
    EntryReader in(payload_of(frame));
    for (Entry found; in.next(found);)
      if (found.kind == *entry) return true;
    return false;
  }
};

constexpr std::array kinds{
    Kind{"hello", MessageType::hello, {}},
    Kind{"welcome", MessageType::welcome, {}},
    Kind{"heartbeat", MessageType::heartbeat, {}},
    Kind{"confirm", MessageType::confirm, {}},
    Kind{"put", MessageType::put, EntryKind::item},
    Kind{"request", MessageType::control, EntryKind::request},
    Kind{"cancel_requests", MessageType::control, EntryKind::cancel_requests},
    Kind{"delivery", MessageType::deliveries, EntryKind::delivery},
    Kind{"none", MessageType::deliveries, EntryKind::empty},
    Kind{"ack", MessageType::control, EntryKind::ack},
    Kind{"fail", MessageType::control, EntryKind::fail},
    Kind{"release", MessageType::control, EntryKind::release},
    Kind{"print", MessageType::control, EntryKind::print},
    Kind{"link_lost", MessageType::control, EntryKind::link_lost},
    Kind{"join", MessageType::control, EntryKind::join},
    Kind{"close", MessageType::control, EntryKind::close},
    Kind{"died", MessageType::outcome, EntryKind::died},
    Kind{"line", MessageType::console, EntryKind::line},
};

struct Fault {
  std::string_view name;
  Fate fate;
};

constexpr std::array faults{
    Fault{"lost", {true, false, {}}},           Fault{"doubled", {false, true, {}}},
    Fault{"late-50ms", {false, false, 50ms}},   Fault{"late-1.2s", {false, false, 1200ms}},
    Fault{"late-3.5s", {false, false, 3500ms}},
};
constexpr std::array occurrences{1, 2, 6};
constexpr std::uint64_t seeds = 4;

struct Single {
  const Kind& kind;
  int occurrence;
  const Fault& fault;
  std::uint64_t seed;

  std::string name() const {
    return std::string(kind.name) + "/" + std::to_string(occurrence) + "/" +
           std::string(fault.name) + "/" + std::to_string(seed);
  }
};

/// Whether the fault occurred. Throws Violation.
bool run(const Single& single, bool trace) {
  const bool lost_for_it = single.fault.fate.late >= session_timeout;
  Simulation simulation(single.seed, !lost_for_it, trace);
  int seen = 0;
  simulation.set_fate([&](const std::string& frame) {
    return single.kind.in(frame) && ++seen == single.occurrence ? single.fault.fate : Fate{};
  });
  try {
    simulation.run();
  } catch (const std::exception& violation) {
    std::printf("%s: BROKEN: %s\n%sagain, with all that happens: simulation --sweep %s --trace\n",
                single.name().c_str(), violation.what(), simulation.state().c_str(),
                single.name().c_str());
    throw;
  }
  return seen >= single.occurrence;
}

/// Returns how many faults of this kind occurred.
int sweep(const Kind& kind, const std::string& only, bool trace) {
  int tried = 0;
  for (const auto& fault : faults)
    for (const auto occurrence : occurrences)
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Single single{kind, occurrence, fault, seed};
        if (only.empty() || only == single.name()) tried += run(single, trace);
      }
  return tried;
}

}  // namespace

int sweep(const std::string& only, bool trace) {
  int all = 0;
  bool missing = false;
  for (const auto& kind : kinds) try {
      const auto tried = sweep(kind, only, trace);
      all += tried;
      if (!only.empty()) continue;
      std::printf("%-10.*s %3d single faults%s\n", static_cast<int>(kind.name.size()),
                  kind.name.data(), tried, tried == 0 ? ": IT NEVER OCCURRED" : "");
      missing = missing || tried == 0;
    } catch (const std::exception&) {
      return 1;
    }
  std::printf("%d single faults: every promise was kept\n", all);
  return missing || all == 0 ? 1 : 0;
}

}  // namespace baton::internal::simulation
