// One worker's end of the way from producers to consumers: through the plain proxy, or through
// Baton.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bench/board.hpp"

namespace baton::internal::bench {

/// Where a worker connects, and how.
struct Way {
  bool proxy = false;   ///< the plain proxy; otherwise Baton
  std::string address;  ///< "127.0.0.1:PORT"
  int depth = 0;        ///< of the proxy: the high-water mark; of Baton: the prefetch
  bool keep = false;    ///< Baton: items are kept on disk
  /// So many items are put before anybody gets, and stand in the queue from then on.
  std::uint64_t backlog = 0;
};

class Sender {
 public:
  virtual ~Sender() = default;
  /// Waits while it may not send.
  virtual void send(std::string_view body) = 0;
  /// Returns when all that was sent is on its way (proxy) or confirmed (Baton).
  virtual void finish() = 0;
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  /// The next item's body, valid until the next call; nothing when none came for `time_limit`.
  virtual std::optional<std::string_view> receive() = 0;
  /// The item received last is done. To be called once for each.
  virtual void done() = 0;
};

inline constexpr std::chrono::milliseconds time_limit{100};

std::unique_ptr<Sender> make_sender(const Way& way);
std::unique_ptr<Receiver> make_receiver(const Way& way);

std::unique_ptr<Sender> make_proxy_sender(const Way& way);
std::unique_ptr<Receiver> make_proxy_receiver(const Way& way);

/// Runs the proxy until it is killed. Its ports are written to the board.
int run_proxy(Board& board, int high_water_mark);

}  // namespace baton::internal::bench
