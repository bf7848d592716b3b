// Final errors of a client.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "proto/refusal.hpp"

namespace baton::internal {

/// Why a session ended by an error.
struct SessionError {
  enum class Kind : std::uint8_t {
    unreachable,        ///< no broker answered within the connect timeout
    refused,            ///< the broker rejected this client: see `refusal`
    close_unconfirmed,  ///< the broker did not confirm the end
  };
  Kind kind{};
  Refusal refusal = Refusal::none;
  std::string text;  ///< a sentence for people
};

/// Thrown by the client libraries. what() is a sentence for people.
class ClientError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    unreachable,  ///< no broker answered within the connect timeout
    refused,      ///< the broker rejected this client: see refusal()
    /// the broker did not confirm the end: the last operations may not have reached it
    close_unconfirmed,
    shutdown,     ///< the system is shutting down: nothing more can be put
    closed,       ///< the client was closed by its user
    stopped,      ///< the client was stopped by its user
    argument,     ///< a value is out of range
    interrupted,  ///< a call that waited was interrupted by its user
    busy,         ///< a call of the same kind is running
    forked,  ///< the client was created before fork(), by the parent process: a child must create
             ///< its own
  };

  ClientError(Kind kind, const std::string& what, Refusal refusal = Refusal::none)
      : std::runtime_error(what), kind_(kind), refusal_(refusal) {}

  Kind kind() const { return kind_; }
  Refusal refusal() const { return refusal_; }

 private:
  Kind kind_;
  Refusal refusal_;
};

}  // namespace baton::internal
