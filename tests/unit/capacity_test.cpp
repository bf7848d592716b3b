// How many clients the limit of open files leaves room for.
#include "broker/capacity.hpp"

#include <doctest/doctest.h>

namespace baton::internal::broker::test {
namespace {

struct Fitted {
  std::uint32_t sessions;
  std::string said;
};

Fitted fitted(std::uint32_t sessions, std::uint64_t files) {
  CoreSettings settings;
  settings.max_sessions = sessions;
  const auto said = fit_to_file_limit(settings, files);
  return {settings.max_sessions, said};
}

TEST_CASE("capacity: what files there are for is as it was") {
  const auto all = fitted(10'000, UINT64_MAX);
  CHECK(all.sessions == 10'000);
  CHECK(all.said.empty());
  CHECK(fitted(10, 64 + 60).said.empty());
}

TEST_CASE(
    "capacity: less than was asked for is said, less than the default only when it is little") {
  const auto asked = fitted(5000, 20'000);
  CHECK(asked.sessions == 3322);
  CHECK(asked.said ==
        "may open 20000 files (raise the limit: ulimit -Hn): room for 3322 clients, not 5000");
  CHECK(fitted(CoreSettings{}.max_sessions, 20'000).said.empty());
  CHECK(fitted(CoreSettings{}.max_sessions, 20'000).sessions == 3322);
  CHECK(fitted(CoreSettings{}.max_sessions, 1024).sessions == 160);
  CHECK_FALSE(fitted(CoreSettings{}.max_sessions, 1024).said.empty());
}

TEST_CASE("capacity: without room for a single client there is no broker") {
  CHECK(fitted(1, 64 + 6).sessions == 1);
  CHECK_THROWS_WITH(fitted(1, 64 + 5),
                    "may open 69 files (raise the limit: ulimit -Hn): room for no client");
}

}  // namespace
}  // namespace baton::internal::broker::test
