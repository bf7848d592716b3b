// The consumer library: gets items from a broker's queues on demand, and settles them.
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
#include "proto/settlement.hpp"

namespace baton::internal {

struct ConsumerOptions : ClientOptions {
  std::vector<std::string> queues = {
      "default"};  ///< 1 to max_queues; if several hold items, the broker chooses
  /// Items to request beyond those that calls wait for. 0: nothing is ever withheld from an idle
  /// consumer.
  std::uint32_t prefetch = 0;
  std::string name;  ///< for people: dead letters name it, otherwise host and process id; at most
                     ///< max_client_name bytes
};

/// An item that this consumer holds until ack, fail or release, or until its session is lost.
struct Item {
  ItemId id;
  std::string_view queue;  ///< owned by the consumer
  std::string body;
  std::uint16_t attempt = 1;  ///< 1 for the first; 65535: that many or more
  std::uint8_t priority = default_priority;
  std::uint64_t delivery_tag = 0;  ///< distinguishes deliveries of the same item to this consumer
};

/// What a handler decides about its item.
struct Outcome {
  enum class What : std::uint8_t {
    ack,
    fail,
    release,
    keep
  } what = What::ack;                  ///< keep: it is settled later
  std::string reason;                  ///< fail: stored with the item; cut to max_reason bytes
  std::chrono::milliseconds delay{0};  ///< fail: before the next attempt; clamped to 0 .. 49 days

  static Outcome done() { return {}; }
  static Outcome failed(std::string why, std::chrono::milliseconds later = {}) {
    return {What::fail, std::move(why), later};
  }
  static Outcome given_back() { return {What::release, {}, {}}; }
  static Outcome kept() { return {What::keep, {}, {}}; }

  /// Of that item; its reason points into this outcome. Nothing: keep.
  std::optional<Settlement> settlement(ItemId id) const;
};

/// Called by several threads at once if jobs > 1. An exception counts as fail, with what() as the
/// reason. A handler that ends its thread (pthread_exit) has failed, too; another thread takes over
/// the job, except when the thread that called run() ends: then run() ends with it.
using Handler = std::function<Outcome(Item&)>;

struct RunOptions {
  std::uint32_t jobs = 1;   ///< handlers at work at the same time, each on a thread of its own
  std::uint64_t count = 0;  ///< return after this many items; 0: never
  std::function<void()> before_request;  ///< called by a job before it asks for its next item
};

/// Result of a wait for an item.
enum class GetResult : std::uint8_t { item, time_up, closed, stopped };

/// Why work on an item should stop.
enum class StopReason : std::uint8_t { none, lost, stopped, closed };

/// All methods may be called from any thread. The connection is made and kept in the background;
/// its heartbeats continue while handlers work, so an item may take as long as it likes.
class Consumer {
 public:
  /// Throws ClientError (argument) for an invalid queue name or a name that is too long.
  explicit Consumer(ConsumerOptions options);
  /// Calls end().
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Waits for an item, at most `within`, and stores it in `item`, whose memory is reused. When the
  /// time is up, it waits for the broker to confirm that no item is on its way; that takes a
  /// moment, or as long as a large item in transfer, or no time without contact. After request(), a
  /// `within` of zero takes requested items only and does not wait for the broker. Throws
  /// ClientError: unreachable, refused, interrupted.
  GetResult get_within(Item& item, TimeLimit within);
  /// Appends 1 to `most` items: the first like get_within(), and those that came with it.
  GetResult get_batch(std::vector<Item>& items, std::size_t most, TimeLimit within);
  /// Requests that many more items; get_within() with zero takes them once they are here.
  void request(std::uint32_t items);

  /// Settles an item returned by a get; the settlement has its id. Returns at once. False, without
  /// effect: it is not held any more (the session was lost, and the item goes to another consumer).
  bool settle(const Item& item, const Settlement& settlement);

  /// Gets items and passes them to `handler`, until stop_run(), shutdown or `count`; returns when
  /// all handlers have finished and prefetched items are released. Results and exceptions of
  /// handlers do not end it. May be called again, by one thread at a time; other threads may get
  /// items meanwhile. Throws like get_within().
  void run(const Handler& handler, const RunOptions& options = {});

  /// Prints a block of lines on the system's console: they appear together, and before a later ack
  /// takes effect. Waits at most `within` while the console holds clients back; returns whether
  /// they were printed. At most max_print bytes including tags and the last newline. Throws like
  /// get_within(), and ClientError (closed).
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit within);
  /// Blocks until everything settled and printed is confirmed, at most `within`; returns whether it
  /// is.
  [[nodiscard]] bool try_flush(TimeLimit within);

  /// Waits for the loss of an item: it was held or settled here, but belongs to another consumer.
  /// nullopt when the time is up. A loss without an id counts losses for which there was no room.
  struct Loss {
    ItemId id;
    bool settled = false;
    std::uint64_t count = 1;
  };
  std::optional<Loss> next_loss(TimeLimit within);
  /// Why work on an item should stop, now or within that time.
  StopReason stop_reason(const Item& item);
  StopReason wait_stop(const Item& item, TimeLimit within);

  /// Ends run() once its handlers have finished; if it is not running, ends the next one.
  void stop_run();
  /// A call that waits, or else the next one that would have to, throws ClientError (interrupted).
  /// May be called by a signal handler.
  void interrupt();
  /// A descriptor that is readable when something has changed, until take_event().
  int event_fd();
  void take_event();
  bool in_touch();
  bool shutdown();
  /// Sleeps, but wakes up and returns true when no more items will come or run() should end.
  bool pause(TimeLimit time);

  /// Ends the session when everything is confirmed; takes at most `within`, and goodbye_timeout
  /// while the broker is silent. Otherwise throws ClientError (close_unconfirmed): the broker gives
  /// items that it does not know to be settled to other consumers. Held items fail with reason
  /// `failed`, or are released without one. Waiting calls of other threads end. A second call does
  /// nothing.
  void close(const std::optional<std::string>& failed, TimeLimit within);
  /// Ends the session like close(), without throwing; but held items fail, since nothing is known
  /// about them: "not settled when its consumer ended".
  void end() noexcept;
  bool closing();
  bool forked() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::internal
