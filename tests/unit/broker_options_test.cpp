// What the broker's options mean.
#include <doctest/doctest.h>

#include <stdexcept>

#include "broker/options.hpp"

namespace baton::internal::broker {

TEST_CASE("sizes: what is one, and what is not") {
  CHECK(parse_size("100") == 100);
  CHECK(parse_size("64K") == 65536);
  CHECK(parse_size("64k") == 65536);
  CHECK(parse_size("1.5M") == 3u << 19);
  CHECK(parse_size("1048576T") == 1ull << 60);
  for (const auto* text :
       {"", "0", "-1", "0.1", "1e15T", "1048577T", "nan", "inf", "1KB", "1m", "K", "1 K"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_size(text), std::invalid_argument);
  }
}

TEST_CASE("bind: addresses in brackets, a name, a star") {
  CHECK(bind_address("127.0.0.1") == "127.0.0.1");
  CHECK(bind_address("[::1]") == "::1");
  CHECK(bind_address("::") == "::");
  CHECK(bind_address("localhost") == "127.0.0.1");
  CHECK(bind_address("*") == "0.0.0.0");
}

}  // namespace baton::internal::broker
