// Names and their addresses.
#include "net/resolver.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <future>

namespace baton::internal {
namespace {

/// A system that gives no answer until it is told to.
class SlowSystem {
 public:
  ~SlowSystem() { answer(); }
  Resolver::Lookup lookup() {
    return [answered = answered_](const std::string& host) {
      answered.wait();
      return host == "known" ? Resolved{{"192.0.2.7"}, {}}
                             : Resolved{{}, "Name or service not known"};
    };
  }
  void answer() {
    if (!std::exchange(told_, true)) promise_.set_value();
  }

 private:
  std::promise<void> promise_;
  std::shared_future<void> answered_ = promise_.get_future().share();
  bool told_ = false;
};

Resolved wait_for(Resolver& resolver) {
  pollfd item{resolver.fd(), POLLIN, 0};
  REQUIRE(poll(&item, 1, 20'000) == 1);
  auto name = resolver.take();
  REQUIRE(name);
  return *name;
}

}  // namespace

TEST_CASE("resolve: addresses, a name that is known everywhere, and one that is nowhere") {
  CHECK(resolve("127.0.0.1").addresses == std::vector<std::string>{"127.0.0.1"});
  CHECK(resolve("localhost").addresses.front() == "127.0.0.1");
  const auto none = resolve("no-such-host.invalid");
  CHECK(none.addresses.empty());
  CHECK(none.error != "");
  CHECK((is_address("127.0.0.1") && is_address("::1")));
  CHECK_FALSE(is_address("localhost"));
}

TEST_CASE("resolver: a system that does not answer blocks nobody") {
  SlowSystem system;
  {
    Resolver left_behind("known", system.lookup());
    left_behind.begin();
  }
  Resolver resolver("known", system.lookup());
  resolver.begin();
  resolver.begin();
  CHECK(resolver.busy());
  CHECK_FALSE(resolver.take());
  system.answer();
  CHECK(wait_for(resolver).addresses == std::vector<std::string>{"192.0.2.7"});
  CHECK_FALSE(resolver.busy());
  CHECK_FALSE(resolver.take());
}

TEST_CASE("resolver: why there is none, and an address at once") {
  SlowSystem system;
  Resolver unknown("unknown", system.lookup());
  unknown.begin();
  system.answer();
  CHECK(wait_for(unknown).error == "Name or service not known");
  Resolver address("127.0.0.1");
  address.begin();
  CHECK(address.take()->addresses == std::vector<std::string>{"127.0.0.1"});
}

}  // namespace baton::internal
