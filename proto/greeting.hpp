// The rare messages, as JSON: hello, welcome, refusal, and the notice of a dead item. Unknown
// fields are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/refusal.hpp"
#include "proto/registry.hpp"

namespace baton::internal {

/// A client's previous session, so that nothing is sent twice and the client keeps what it holds.
struct Previous {
  BrokerInstance broker_instance;
  SessionId session;

  bool operator==(const Previous&) const = default;
};

struct Hello {
  Role role = Role::producer;
  std::string client;  ///< program and version, for people
  std::string name;    ///< a producer's identity: its numbers continue across sessions. Others: for
                       ///< people
  bool named = false;  ///< the user gave the name: a later process may continue with it
  std::string host;    ///< the client's host name
  std::uint64_t pid = 0;
  /// A random number of the client's process, whatever host and pid are; 0: not given.
  std::uint64_t process = 0;
  /// A random number for the client's whole life, to recognize its lines; 0: none.
  std::uint64_t instance = 0;
  /// Producer: exactly one; consumer: 1 to max_queues; printer: none.
  std::vector<std::string> queues;
  SeqNo first_put{1};  ///< producer: its first unconfirmed number
  SessionId run;  ///< producer: its process, identified by the first session id that it generated
  bool begun = false;   ///< producer: this process was welcomed before, and continues its numbers
  SeqNo last_put;       ///< producer: the last number it may have sent in earlier sessions; 0: none
  SeqNo feed_position;  ///< last number received of the feed of the broker instance in `previous`
  std::optional<Previous> previous;
  /// Consumer: how many items the first entries of its control stream reclaim.
  std::uint64_t reclaims = 0;

  bool operator==(const Hello&) const = default;
};

struct Welcome {
  std::string broker;  ///< program and version
  std::string host;  ///< the broker's host name: if it differs from the client's, lines are tagged
  bool durable = false;  ///< confirmed items outlive the broker's process
  std::uint64_t max_attempts = 0;
  SeqNo put_received;  ///< producer: continue after this number
  /// Producer: how many of these were confirmed by another broker, and never came to this one.
  std::uint64_t put_unknown = 0;
  /// To a producer's new process: what was put under its name, item numbers rising.
  std::vector<Checkpoint> digests;
  SeqNo feed_first{1};     ///< first number of the feed of this session
  SeqNo previous_control;  ///< everything in the previous session's control stream up to here was
                           ///< received

  bool operator==(const Welcome&) const = default;
};

/// An item of the producer is dead.
struct DeadNotice {
  ItemId id;
  std::string queue;
  std::string body;  ///< an excerpt() of 200 bytes
  struct Failure {
    std::string consumer;  ///< "host/pid" or the name it gave
    std::string why;
    std::int64_t ago_ms = 0;  ///< before this notice was created

    bool operator==(const Failure&) const = default;
  };
  std::uint64_t failures = 0;
  std::vector<Failure> history;  ///< the last failures, oldest first

  bool operator==(const DeadNotice&) const = default;
};

struct RefusalNotice {
  Refusal refusal = Refusal::none;
  std::string text;

  bool operator==(const RefusalNotice&) const = default;
};

/// The answer to a probe.
struct Alive {
  std::string broker;  ///< program and version
  std::string host;    ///< the broker's host name

  bool operator==(const Alive&) const = default;
};

std::string to_json(const Hello& hello);
std::string to_json(const Welcome& welcome);
std::string to_json(const DeadNotice& notice);
std::string to_json(const RefusalNotice& notice);
std::string to_json(const Alive& alive);

/// Parse JSON. On failure the refusal is the reason for machines, and `why` names the wrong field
/// for people.
Refusal parse(std::string_view json, Hello& hello, std::string& why);
bool parse(std::string_view json, Welcome& welcome);
bool parse(std::string_view json, DeadNotice& notice);
bool parse(std::string_view json, RefusalNotice& notice);
bool parse(std::string_view json, Alive& alive);

/// 1 to max_queue_name characters of A-Z a-z 0-9 . _ - /
bool valid_queue_name(std::string_view name);

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool valid_utf8(std::string_view text);

/// The first `size` bytes of UTF-8 text at most, not cutting a character.
std::string_view cut_utf8(std::string_view text, std::size_t size);

}  // namespace baton::internal
