// A peer that speaks TCP and as much of ZMTP as it likes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/process.hpp"

namespace baton::internal::e2e {

/// Bytes of ZMTP 3 (RFC 23), right by themselves; it is their use that may be wrong.
namespace zmtp {
std::string greeting(std::string_view mechanism = "NULL");
std::string command(std::string_view name, std::string_view data);
/// NULL's handshake: "I am a SUB".
std::string ready(std::string_view socket_type);
/// PLAIN's (RFC 24).
std::string hello(std::string_view user, std::string_view password);
std::string initiate(std::string_view socket_type);
std::string frame(std::string_view body, bool more = false);
/// The head of a frame that is `size` bytes long.
std::string frame_head(std::uint64_t size, bool more = false);
std::string subscribe(std::string_view topic);
std::string unsubscribe(std::string_view topic);
}  // namespace zmtp

/// A connection to a port of loopback(). What it does to a peer that is gone does nothing.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port);  ///< throws std::system_error when nobody listens
  RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawPeer() { close(); }

  /// NULL's handshake, up to the other side's READY: before that libzmq takes no message.
  RawPeer& shake_hands(std::string_view socket_type);

  /// PLAIN's handshake. Whether the other side let us in.
  bool is_admitted(std::string_view socket_type, std::string_view user, std::string_view password);

  /// What does not go in within this time is left out.
  RawPeer& send(std::string_view bytes, Clock::duration within = soon);
  /// What has come by now; waits until there is something, at most `within`.
  std::string receive(Clock::duration within = {});
  /// Receives until `part` has come. All that came; empty if it did not by the deadline.
  std::string receive_until(std::string_view part, Clock::duration within = soon);
  /// Whether the other side closes the connection.
  bool is_closed(Clock::duration within = soon);

  void close();
  void reset();  ///< as a broken connection does: with RST
  void
  finish();  ///< sends no more, and closes when the other side has read everything and closed, too

 private:
  int fd_;
};

}  // namespace baton::internal::e2e
