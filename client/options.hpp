// What all client libraries let their user choose.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/client_session.hpp"
#include "net/broker_address.hpp"
#include "proto/deadline.hpp"

namespace baton::internal {

class Runtime;

/// How the notice begins that says that contact, which was missing, is there: the one that is no
/// reason to wait.
inline constexpr const char* in_contact = "in contact ";

/// Whether console lines are led by "[host] ".
enum class HostTag : std::uint8_t {
  automatic,  ///< where the broker runs on a host of another name
  on,
  off,
};

/// A client belongs to the process that made it. In a child that fork() makes, daemon() included,
/// each call of it throws ClientError (forked), and its destructor only lets go; the parent's
/// client is not disturbed. Children make clients of their own. (They do hold the parent's
/// connections open: a parent that is killed is then missed after 3 s only.)
struct ClientOptions {
  BrokerAddress broker;
  /// Shared with other clients of the process: threads and descriptors then do not grow with them.
  /// nullptr: one of its own.
  std::shared_ptr<Runtime> runtime;
  /// How long to look for a broker at first; Duration::max(), or that of any unit: for ever. A
  /// client that once knew one keeps trying.
  TimeLimit connect_timeout = default_connect_timeout;
  HostTag tag = HostTag::automatic;
  /// Told why a call waits: "queue 'default' is full (...)", "no consumer asks for queue 'default'"
  /// (join). Called by the thread that waits, without a lock, when it has waited for half a second,
  /// and again only when the reason is another one or the last is some seconds old. Also told when
  /// contact is there again, if it was told that there was none: see in_contact. An exception that
  /// it throws is passed over.
  std::function<void(const std::string& reason)> on_notice;
};

}  // namespace baton::internal
