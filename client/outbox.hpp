// What a client's logic wants done: socket requests first, then messages, each in order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/ids.hpp"
#include "proto/shared_bytes.hpp"

namespace baton::internal {

enum class TargetEndpoint : std::uint8_t { put, control };

struct SocketRequest {
  enum class Kind : std::uint8_t {
    open,          ///< close all sockets, link included; open new ones and subscribe to `topic`
    connect_link,  ///< close the link, if any; connect a new one to `port` and watch it as
                   ///< `generation`
    close_link,    ///< close the link `generation`; its messages no longer matter
  };
  Kind kind{};
  SessionId topic;
  std::uint32_t generation = 0;
  std::uint16_t port = 0;
};

/// Owned by the caller, which clears it after carrying it out.
struct Outbox {
  struct Message {
    TargetEndpoint endpoint;
    SharedBytes bytes;  ///< may share a block of a stream
  };
  std::vector<SocketRequest> requests;
  std::vector<Message> messages;

  bool empty() const { return requests.empty() && messages.empty(); }
  void clear() {
    requests.clear();
    messages.clear();
  }
};

}  // namespace baton::internal
