// The consumer library: gets items from queues of a broker, on demand, and says what became of
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/error.hpp"
#include "client/options.hpp"
#include "proto/deadline.hpp"
#include "proto/ids.hpp"

namespace baton::internal {

struct ConsumerOptions : ClientOptions {
  std::vector<std::string> queues = {
      "default"};  ///< 1 to max_queues; where several hold items, the broker chooses
  /// Items to have in hand beyond those that somebody waits for. 0: nothing is ever kept from a
  /// consumer that is idle.
  std::uint32_t prefetch = 0;
  std::string name;  ///< for people: dead letters name it, or else host and process id; at most
                     ///< max_client_name bytes
};

/// An item that this consumer holds until it says ack, fail or release, or its session is lost.
struct Item {
  ItemId id;
  std::string_view queue;  ///< owned by the consumer
  std::string body;
  std::uint16_t attempt = 1;  ///< 1 for the first; 65535: that many or more
  std::uint8_t priority = default_priority;
  std::uint64_t delivery_tag = 0;  ///< which of this consumer's items it was: an item may come back
};

/// What a handler says of its item.
struct Outcome {
  enum class What : std::uint8_t {
    ack,
    fail,
    release,
    keep
  } what = What::ack;  ///< keep: it is settled later
  std::string reason;  ///< fail: kept with the item; cut at max_reason bytes
  std::chrono::milliseconds delay{
      0};  ///< fail: before the next attempt; at least 0, at most 49 days count

  static Outcome done() { return {}; }
  static Outcome failed(std::string why, std::chrono::milliseconds later = {}) {
    return {What::fail, std::move(why), later};
  }
  static Outcome given_back() { return {What::release, {}, {}}; }
  static Outcome kept() { return {What::keep, {}, {}}; }
};

/// Called by several threads at once when jobs > 1. What it throws counts as failed, with what()
/// for the reason. One that ends its thread (pthread_exit) has failed, too; another thread takes
/// over the job, unless it was the one that called run(): with that run() ends.
using Handler = std::function<Outcome(Item&)>;

struct RunOptions {
  std::uint32_t jobs = 1;   ///< handlers at work at the same time, each on a thread of its own
  std::uint64_t count = 0;  ///< return after so many items; 0: never
  std::function<void()> before_request;  ///< called by a job before it asks for its next item
};

/// What became of a wait for an item.
enum class GetResult : std::uint8_t { item, time_up, closed, stopped };

/// Why work on an item should stop.
enum class StopReason : std::uint8_t { none, lost, stopped, closed };

/// All methods may be called from any thread. The connection is made and kept in the background;
/// its heartbeats go on while handlers work, so an item may take as long as it likes.
class Consumer {
 public:
  /// Throws ClientError (argument) for queue names that are none, and a name that is too long.
  explicit Consumer(ConsumerOptions options);
  /// end()
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Waits for an item, at most `within`, and puts it into `item`, whose memory is used again.
  /// After the time it waits for the broker's word that no item is on its way, which takes a moment
  /// more, or as long as a large one that is under way, and none without contact. Once request()
  /// was called a `within` of zero takes what was asked for by it, and does not wait for the
  /// broker's word. Throws ClientError: unreachable, refused, interrupted.
  GetResult get_within(Item& item, TimeLimit within);
  /// Appends 1 to `most` items: the first as get_within() gives it, and those that came along with
  /// it.
  GetResult get_batch(std::vector<Item>& items, std::size_t most, TimeLimit within);
  /// Asks for so many items more, which get_within() with zero takes once they are there.
  void request(std::uint32_t items);

  /// Settle an item that a get gave. They return at once; false: it was not held any more (the
  /// session was lost, and the item is or will be somebody else's), and nothing was said.
  bool ack(const Item& item);
  bool fail(const Item& item, std::string_view reason, std::chrono::milliseconds delay = {});
  bool release(const Item& item);

  /// Gets items and hands them to `handler`, until stop_run(), shutdown or `count`; returns when
  /// all handlers are through and what was prefetched is released. Nothing that a handler returns
  /// or throws ends it. May be called again, by one thread at a time; other threads may get items
  /// meanwhile. Throws as get_within() does.
  void run(const Handler& handler, const RunOptions& options = {});

  /// Publishes a block of lines on the system's console: they reach the terminal together, and
  /// before an ack that follows. Waits while the console is held back, at most `within`: whether
  /// they are said. Up to max_print bytes with tags and the last newline. Throws as get_within()
  /// does, and ClientError (closed).
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit within);
  /// Blocks until everything that was settled and said is confirmed, at most `within`: whether it
  /// is.
  [[nodiscard]] bool try_flush(TimeLimit within);

  /// Waits for an item that is another's though it was held here, or was settled, and takes note of
  /// it; nothing when the time is up. A loss without an id counts those for which there was no
  /// room.
  struct Loss {
    ItemId id;
    bool settled = false;
    std::uint64_t count = 1;
  };
  std::optional<Loss> next_loss(TimeLimit within);
  /// Why work on an item should stop, now or within that time.
  StopReason stop_reason(const Item& item);
  StopReason wait_stop(const Item& item, TimeLimit within);

  /// run() takes no more items and returns; the next one where none is at work.
  void stop_run();
  /// A call that waits, or else the next one that would have to, throws ClientError (interrupted).
  /// May be called by a signal handler.
  void interrupt();
  /// A descriptor that is readable when something has changed, until take_event().
  int event_fd();
  void take_event();
  bool in_touch();
  bool shutdown();
  /// Sleeps, but wakes when no more items come, or run() is to end. Whether that is so.
  bool pause(TimeLimit time);

  /// Ends the session when all is confirmed, but takes at most `within`, and goodbye_timeout while
  /// the broker is silent; then it throws ClientError (close_unconfirmed): the broker gives what it
  /// does not know to be settled to others. What is held has failed, for that reason, or is given
  /// back without one. Calls of other threads that wait end. A second call does nothing.
  void close(const std::optional<std::string>& failed, TimeLimit within);
  /// Ends the session as close() does, as well as it goes; but what is held has failed, since
  /// nobody said what became of it: "not settled when its consumer ended".
  void end() noexcept;
  bool closing();
  bool forked() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::internal
