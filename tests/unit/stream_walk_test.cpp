// A sender and a receiver over a line that loses, doubles, delays and is cut, and a receiver that
// forgets: whatever happens, each entry must arrive once and in order, and all of them once the
// faults stop.
#include <random>

#include "tests/worlds/stream_line.hpp"

namespace baton::internal::test {
namespace {

class StreamWalk {
 public:
  explicit StreamWalk(unsigned seed) : random_(seed) {}

  void run() {
    for (int i = 0; i < 1500; ++i) step();
    faults_ = false;
    for (int i = 0; i < 300 && !done(); ++i) settle();
    check();
    CHECK(done());
    CHECK(line_.got.size() == put_);
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  bool done() const { return line_.sender.idle() && line_.wire.empty(); }

  void step() {
    switch (random_() % 8) {
      case 0:
      case 1:
        put();
        break;
      case 2:
        line_.send();
        break;
      case 3:
      case 4:
        move_wire();
        break;
      case 5:
        confirm();
        break;
      case 6:
        line_.advance(std::chrono::milliseconds(random_() % 400));
        break;
      case 7:
        rarely();
        break;
    }
    on_time();
    check();
  }

  /// One second without faults.
  void settle() {
    line_.send();
    line_.deliver_all();
    confirm();
    line_.advance(1s);
    on_time();
  }

  void put() {
    for (auto count = random_() % 4; count > 0; --count) line_.put(std::to_string(++put_));
    if (chance(2)) line_.put(std::string(pack_bytes, 'x') + std::to_string(++put_));
  }

  void move_wire() {
    if (line_.wire.empty()) return;
    if (chance(10)) return line_.lose();
    if (chance(10)) line_.repeat();
    line_.deliver();
  }

  /// A confirm of the broker: some are lost; what it keeps lags behind what it received.
  void confirm() {
    kept_ = faults_ ? kept_ + random_() % (line_.receiver.received() - kept_ + 1)
                    : line_.receiver.received();
    if (faults_ && chance(20)) return;
    line_.received();
    line_.confirm(kept_);
    if (line_.receiver.has_gap()) line_.rewind();
  }

  void rarely() {
    if (chance(20)) line_.lose_all();
    if (chance(5)) new_session();
  }

  /// The receiver dies and forgets what it has not kept; or only the connection did.
  void new_session() {
    line_.lose_all();
    line_.sender.restart();
    if (chance(50)) {
      line_.receiver = StreamReceiver(kept_ + 1);
      line_.got.resize(kept_.value);
    }
    line_.sender.set_credit({UINT64_MAX}, UINT64_MAX);
    if (chance(50)) line_.confirm(kept_);
  }

  void on_time() {
    if (line_.sender.mark_at() > line_.now) return;
    line_.mark();
    CHECK(line_.sender.mark_at() >
          line_.now);  // or a shell that sleeps until then would never sleep again
  }

  void check() {
    for (; checked_ < line_.got.size(); ++checked_) {
      const auto& text = line_.got[checked_];
      const auto digits = text.find_first_not_of('x');
      REQUIRE(text.substr(digits) == std::to_string(checked_ + 1));
    }
    checked_ = std::min(checked_, line_.got.size());
  }

  std::mt19937 random_;
  Line line_;
  SeqNo kept_;
  std::size_t checked_ = 0;
  std::size_t put_ = 0;
  bool faults_ = true;
};

}  // namespace

TEST_CASE("random walks of a stream") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    StreamWalk(seed).run();
  }
}

}  // namespace baton::internal::test
