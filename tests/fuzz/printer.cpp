// A printer's session with a hostile broker: blocks come in the order of their numbers, each once.
#include <deque>

#include "printer/printer_session.hpp"
#include "proto/ensure.hpp"
#include "tests/fuzz/hostile_broker.hpp"

namespace baton::internal::fuzz {
namespace {

class User {
 public:
  explicit User(PrinterSession& session) : session_(session) {}

  void act(Script& script, Time now) {
    switch (script.below(4)) {
      case 0:
      case 1:
        return take();
      case 2:
        return print();
      default:
        if (script.below(8) == 7) session_.close(now);
    }
  }

 private:
  void take() {
    ConsoleBlock block;
    const auto waiting = session_.waiting();
    if (!session_.next(block)) return ensure(session_.waiting() == 0);
    ensure(session_.waiting() < waiting);  // what was printed before is passed over
    ensure(block.log > last_.log || (block.log == last_.log && block.number > last_.number));
    last_ = block;
    last_.text = {};
    taken_.push_back(last_);
  }
  void print() {
    if (taken_.empty()) return;
    session_.printed(taken_.front());
    taken_.pop_front();
  }

  PrinterSession& session_;
  ConsoleBlock last_;
  std::deque<ConsoleBlock> taken_;
};

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::internal::fuzz;
  baton::internal::PrinterSession session(config_of(baton::internal::Role::printer));
  User user(session);
  run_session(session, Script(view_of(data, size)),
              [&](Script& part, baton::internal::Time now) { user.act(part, now); });
  return 0;
}
