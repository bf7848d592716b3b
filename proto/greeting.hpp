// The rare messages, as JSON: hello, welcome, refusal, and the dead letter's notice. Unknown fields
// are ignored.
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

/// The session that a client had before this one, so that nothing is said twice and what it holds
/// stays its own.
struct Previous {
  BrokerInstance broker_instance;
  SessionId session;

  bool operator==(const Previous&) const = default;
};

struct Hello {
  Role role = Role::producer;
  std::string client;  ///< program and version, for people
  std::string name;  ///< a producer's identity: its numbers go on over sessions. Others: for people
  bool named = false;  ///< the user gave the name: a later process may go on with it
  std::string host;    ///< the client's host name
  std::uint64_t pid = 0;
  /// The client's process, by a random number, whatever host and pid are; 0: who knows.
  std::uint64_t process = 0;
  /// The client's whole life, by a random number: whose lines are whose; 0: none.
  std::uint64_t instance = 0;
  std::vector<std::string>
      queues;          ///< producer: exactly one; consumer: 1 to max_queues; printer: none
  SeqNo first_put{1};  ///< producer: its first unconfirmed number
  SessionId run;       ///< producer: its process, by the first session id that it drew
  bool begun = false;  ///< producer: this process was welcomed before, and goes on with its numbers
  SeqNo last_put;  ///< producer: the last number that it may have sent in earlier sessions; 0: none
  SeqNo feed_position;  ///< last number of the broker's stream that came in, from the broker
                        ///< instance of `previous`
  std::optional<Previous> previous;
  /// Consumer: so many items are reclaimed by the first entries of its control stream.
  std::uint64_t reclaims = 0;

  bool operator==(const Hello&) const = default;
};

struct Welcome {
  std::string broker;  ///< program and version
  std::string
      host;  ///< the broker's host name: where it differs from the client's, lines are tagged
  bool durable = false;  ///< confirmed items outlive the broker's process
  std::uint64_t max_attempts = 0;
  SeqNo put_received;  ///< producer: go on after this number
  /// Producer: so many of these were confirmed, and this broker has never had them.
  std::uint64_t put_unknown = 0;
  std::vector<Checkpoint>
      digests;          ///< to a producer's new process: what was put under its name, items rising
  SeqNo feed_first{1};  ///< the broker's stream to this session begins with this number
  SeqNo previous_control;  ///< of the previous session's control stream, everything up to this came
                           ///< in

  bool operator==(const Welcome&) const = default;
};

/// An item of the producer is dead.
struct DeadNotice {
  ItemId id;
  std::string queue;
  std::string body;  ///< its first 200 bytes; what is not UTF-8 is replaced
  struct Failure {
    std::string consumer;  ///< "host/pid" or the name it gave
    std::string why;
    std::int64_t ago_ms = 0;  ///< how long before this notice was made

    bool operator==(const Failure&) const = default;
  };
  std::uint64_t failures = 0;
  std::vector<Failure> history;  ///< the last ones, oldest first

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

/// From JSON. On failure `why` says which field is wrong, for people; the refusal says it for
/// machines.
Refusal parse(std::string_view json, Hello& hello, std::string& why);
bool parse(std::string_view json, Welcome& welcome);
bool parse(std::string_view json, DeadNotice& notice);
bool parse(std::string_view json, RefusalNotice& notice);
bool parse(std::string_view json, Alive& alive);

/// 1 to max_queue_name characters of A-Z a-z 0-9 . _ - /
bool valid_queue_name(std::string_view name);

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool valid_utf8(std::string_view text);

/// The first `size` bytes of UTF-8 text at most, not cut within a character.
std::string_view cut_utf8(std::string_view text, std::size_t size);

}  // namespace baton::internal
