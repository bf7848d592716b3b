// The accounting of a queue after it was tortured: what became of each item that somebody attempted
// to put. After the total-queue checker of Jepsen: K. Kingsbury, "Jepsen: RabbitMQ" (2014).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace baton::internal::torture {

using Clock = std::chrono::steady_clock;

/// What a worker wrote down: it got an item, and what it then said of it.
struct Event {
  enum class What : std::uint8_t {
    got,
    acked,
    late,  ///< to ack it was too late: it was not held any more
    failed,
    released,
  } what = What::got;
  Clock::time_point at;
  std::string worker;
  int attempt = 0;  ///< as it came with the item
};

/// A fault that may make items come again.
struct Fault {
  std::string kind;    ///< for people
  std::string target;  ///< a worker, or the broker
  Clock::time_point from, to;
};
inline const std::string the_broker = "broker";

/// Something to print beside an item that is not accounted for.
struct Note {
  Clock::time_point at;
  std::string text;
};

/// All that is known in the end.
struct Evidence {
  std::set<std::string> attempted, confirmed;
  std::map<std::string, std::vector<Event>> events;  ///< by item; any order
  std::vector<Fault> faults;
  std::vector<Note> notes;
};

struct Account {
  std::size_t attempted = 0, confirmed = 0;
  std::size_t got = 0;         ///< different items
  std::size_t lost = 0;        ///< confirmed, never got
  std::size_t unexpected = 0;  ///< got, never attempted
  std::size_t duplicated = 0;  ///< got more than once
  /// Of these: without a fault, or a worker's word, that makes it come again.
  std::size_t unexplained = 0;
  std::size_t recovered = 0;          ///< got, though they were not confirmed
  std::vector<std::string> examples;  ///< of what is wrong, a few

  bool valid() const { return lost == 0 && unexpected == 0 && unexplained == 0; }
};

Account settle(const Evidence& evidence);

}  // namespace baton::internal::torture
