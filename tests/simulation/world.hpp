// The simulated world: a clock that is moved by hand, what is to happen when, and chance. One seed
// decides it all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::simulation {

/// A promise was broken.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void broken(const std::string& promise) { throw Violation(promise); }

/// Throws Violation unless it holds. A macro: the promise's text is built only when it is broken.
#define PROMISE(holds, promise) ((holds) ? void() : ::baton::internal::simulation::broken(promise))

/// The same numbers on every platform, which the standard's distributions do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  Duration between(Duration low, Duration high) {
    return low + Duration(below(static_cast<std::uint64_t>((high - low).count()) + 1));
  }
  bool chance(std::uint64_t per_mille) { return below(1000) < per_mille; }
  SessionId session() {
    SessionId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(engine_());
    return id;
  }

 private:
  std::mt19937_64 engine_;
};

/// What becomes of one message on its way.
struct Fate {
  bool lost = false, doubled = false;
  Duration late{};  ///< it holds up its connection for so long
};

class World {
 public:
  World(std::uint64_t seed, bool tracing) : random(seed), tracing_(tracing) {}

  Random random;
  std::uint64_t clients = 0;  ///< there were so far
  /// The safety phase: things break. Later they don't, and all must come to its end.
  bool faulty = true;
  /// Where it is set, it decides of each message; else chance does.
  std::function<Fate(const std::string& bytes)> fate;

  Time now() const { return now_; }
  void at(Time when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  /// Lets the next thing happen.
  void step();

  /// `text` is only made when somebody reads it.
  template <class Text>
  void trace(Text text) {
    if (tracing_) print(text());
  }
  /// Of all that has happened: the same for the same seed.
  std::uint64_t digest() const { return digest_; }
  void mix(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x100000001b3u; }

 private:
  void print(const std::string& text) const;

  bool tracing_;
  Time now_ = Time{} + 1h;
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>>
      events_;  // by time, then in order
  std::uint64_t next_event_ = 0;
  std::uint64_t at_this_time_ = 0;  // events since the clock moved
  std::uint64_t digest_ = 0xcbf29ce484222325u;
};

}  // namespace baton::internal::simulation
