// Options of all client libraries.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/client_session.hpp"
#include "net/broker_address.hpp"
#include "proto/deadline.hpp"

namespace baton::internal {

class Runtime;

/// How the notice begins that contact is back: the only notice that is not a reason to wait.
inline constexpr const char* in_contact = "in contact ";

/// Whether console lines are prefixed with "[host] ".
enum class HostTag : std::uint8_t {
  automatic,  ///< if the broker runs on a host with another name
  on,
  off,
};

/// A client belongs to the process that created it. In a child made by fork(), daemon() included,
/// each call throws ClientError (forked), and the destructor only abandons it; the parent's client
/// is not disturbed. Children create their own clients. (A child keeps the parent's connections
/// open, so a killed parent is noticed only after 3 s.)
struct ClientOptions {
  BrokerAddress broker;
  /// May be shared with other clients of the process: then threads and descriptors do not grow with
  /// their number. nullptr: the client creates its own.
  std::shared_ptr<Runtime> runtime;
  /// How long to search for a broker at first; Duration::max(), or that of any unit: without limit.
  /// A client that has reached a broker once keeps trying.
  TimeLimit connect_timeout = default_connect_timeout;
  HostTag tag = HostTag::automatic;
  /// Called with the reason why a call waits: "queue 'default' is full (...)", "no consumer asks
  /// for queue 'default'" (join). Called by the waiting thread, without a lock, after half a
  /// second, and again only when the reason changes or the last call is some seconds ago. Also
  /// called when contact is back, if its loss was reported: see in_contact. Exceptions from it are
  /// ignored.
  std::function<void(const std::string& reason)> on_notice;
};

}  // namespace baton::internal
