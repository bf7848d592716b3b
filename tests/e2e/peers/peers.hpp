// What test-peer can be. Each says "ready" on stdout when it is what it should be.
#pragma once

#include <string>

namespace baton::internal::e2e {

/// A client of all endpoints and of `session`'s link with ZeroMQ's heartbeats, which sends nonsense
/// without a pause. Ends by SIGKILL: `how` is "kill" when that is all, and the kernel ends its
/// connections; "reset" when it resets its connections first, once its stdin ends.
int send_heartbeats(const std::string& broker, int link_port, const std::string& session,
                    const std::string& how);

/// `count` consumers, one request at a time each, until stdin ends; then each says how many items
/// it got.
int be_consumers(const std::string& broker, int count);

/// `count` producers; each puts `items` items, one when the last one is done.
int be_producers(const std::string& broker, int count, int items);

/// A consumer that acks what it gets, and ends when that is "poison", with 1: `how` says whether by
/// an exception out of its loop, by returning from it, by exit(), or by exit() in a handler.
int be_worker(const std::string& broker, const std::string& how);

/// A consumer of `queue` that gets one item, says "ATTEMPT BODY", holds it until stdin ends, and
/// says whether it was acked.
int be_holder(const std::string& broker, const std::string& queue);

/// So many consumers with `jobs` handlers each that ack what they get, and abort the process when
/// that is "poison".
int be_aborting_worker(const std::string& broker, int prefetch, int jobs, int consumers);

}  // namespace baton::internal::e2e
