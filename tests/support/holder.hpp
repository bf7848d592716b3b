// A consumer in a process of its own that gets one item and holds it. (What was begun when its
// holder was lost goes alone to a process that holds nothing.)
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

class Holder {
 public:
  explicit Holder(const Broker& broker, const std::string& queue = "default")
      : process_(start("test-peer", {"holder", broker.address(), queue})) {}

  struct Held {
    std::string body;
    int attempt = 0;
    Clock::time_point at;  ///< when it had it
  };
  /// Waits for the item that it gets. Once.
  Held held() {
    const auto line = process_.out().next();
    REQUIRE(line);
    const auto space = line->text.find(' ');
    REQUIRE(space != std::string::npos);
    return {line->text.substr(space + 1), std::stoi(line->text), line->at};
  }

  /// Whether the item was still its own. Then the broker knows it.
  bool ack() {
    process_.close_input();
    const auto line = process_.out().next();
    return line && line->text == "acked";
  }

 private:
  Process process_;
};

}  // namespace baton::internal::e2e
