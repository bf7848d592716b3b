// What a look at a broker's endpoints means.
#include "net/endpoint_probe.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <vector>

namespace baton::internal {
namespace {

constexpr EndpointLook refused{EndpointLook::Found::refused},
    silence{EndpointLook::Found::no_answer}, zmtp{EndpointLook::Found::zmtp},
    stranger{EndpointLook::Found::stranger}, no_way{EndpointLook::Found::no_way, EHOSTUNREACH};

struct Case {
  EndpointLooks looks;
  std::string address, text;
};

}  // namespace

TEST_CASE("endpoints: what is found, and what to do") {
  const BrokerAddress broker{"host", 5555};
  const std::vector<Case> cases = {
      {{refused, refused, refused},
       "127.0.0.1",
       "connection refused: nothing listens at port 5555 (is the broker started?)"},
      {{refused, refused, refused},
       "192.0.2.7",
       "connection refused: nothing listens at port 5555 of that host (is the broker started "
       "there, with --bind for other hosts?)"},
      {{silence, silence, silence},
       "192.0.2.7",
       "no answer from that host (is it up, is the broker started there with --bind, are ports "
       "5555-5557 open?)"},
      {{refused, silence, silence},
       "192.0.2.7",
       "ports 5555-5557 do not answer, or refuse (is the broker started there, are they all "
       "open?)"},
      {{no_way, no_way, no_way}, "192.0.2.7", "cannot reach that host: No route to host"},
      {{stranger, refused, refused},
       "127.0.0.1",
       "what listens at port 5555 does not answer as a Baton broker does (a container's port with "
       "no broker behind it? "
       "the broker there needs --bind 0.0.0.0)"},
      {{zmtp, stranger, zmtp},
       "127.0.0.1",
       "what listens at port 5556 does not answer as a Baton broker does (a container's port with "
       "no broker behind it? "
       "the broker there needs --bind 0.0.0.0)"},
      {{zmtp, zmtp, zmtp},
       "127.0.0.1",
       "ports 5555-5557 are open, but no broker answers: it may be stopped, overloaded, or not a "
       "Baton broker"},
      {{zmtp, zmtp, silence},
       "::1",
       "port 5557 does not answer, others do: ports 5555-5557 must be open"},
      {{zmtp, zmtp, refused},
       "::1",
       "port 5557 does not answer, others do: ports 5555-5557 must be open (or the "
       "broker has another port: its first line names it)"},
      {{zmtp, refused, refused},
       "::1",
       "port 5556 does not answer, others do: ports 5555-5557 must be open (or the "
       "broker has another port: its first line names it)"},
      {{refused, zmtp, zmtp},
       "::1",
       "port 5555 does not answer, others do: ports 5555-5557 must be open (or the "
       "broker has another port: its first line names it)"},
      {{refused, refused, zmtp},
       "::1",
       "port 5555 does not answer, others do: ports 5555-5557 must be open (or the "
       "broker has another port: its first line names it)"}};
  for (const auto& [looks, address, text] : cases)
    CHECK(meaning_of(looks, broker, address) == text);
}

}  // namespace baton::internal
