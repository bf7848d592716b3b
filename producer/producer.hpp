// The producer library: puts items into a broker's queue, and can wait until they are done.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/error.hpp"
#include "client/options.hpp"
#include "producer/producer_session.hpp"

namespace baton::internal {

struct ProducerOptions : ClientOptions {
  std::string queue = "default";
  /// Identity: a later process with the same name can continue after this one's puts (see
  /// Producer::already_put_within()), and try_join() waits for the puts of all of them. Empty: a
  /// random name. At most max_client_name bytes.
  std::string name;
};

struct PutOptions {
  std::uint8_t priority = default_priority;  ///< 0 to max_priority; the higher goes first
  std::chrono::milliseconds delay{
      0};  ///< the item is delivered after this time, not before; at most 49 days
  /// The place in a named producer's input after this item, so that a later process can continue
  /// there. All items of a process have one, or none.
  std::optional<InputPlace> place;
};

/// All methods may be called from any thread; items put by one thread keep their order. The
/// connection is made and kept in the background: put and print wait for the broker only when
/// necessary.
class Producer {
 public:
  /// Throws ClientError (argument) for an invalid queue name or name.
  explicit Producer(ProducerOptions options);
  /// Ends the session within goodbye_timeout, whether or not everything was confirmed: see close().
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Puts an item of up to max_body bytes. Returns its number among this producer's items, from 1,
  /// or nullopt if it could not be put `within` that time. Returns when it is on its way, not when
  /// it is stored: see try_flush(). Waits while the queue is full or too much is unconfirmed.
  /// Throws ClientError: shutdown, closed, stopped, unreachable, refused, argument, interrupted.
  [[nodiscard]] std::optional<SeqNo> put_within(std::string_view body, TimeLimit within,
                                                const PutOptions& options = {});

  /// Waits until everything put and printed is confirmed, at most `within`; returns whether it is.
  /// Throws ClientError: closed, stopped, unreachable, refused, interrupted.
  [[nodiscard]] bool try_flush(TimeLimit within);

  /// Waits until everything put under this name is settled, at most `within`; returns whether it
  /// is. Settled means done, dead, or lost with a broker that stores nothing, or whose data was
  /// emptied or replaced. Throws like try_flush().
  [[nodiscard]] bool try_join(TimeLimit within);

  /// What became of the items, by the broker's last report (once a second). Does not wait.
  Settled settled();
  /// The same without copying the notices.
  Settled counts();

  /// Prints a block of lines on the system's console: they appear together. Waits at most `within`
  /// while the console holds clients back; returns whether they were printed. At most max_print
  /// bytes including tags and the last newline. Throws like put_within().
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit within);

  /// What earlier processes have put of their input under this name. To put each item of an input
  /// once, however often the process is killed: read it from its beginning, ask a Retrace made of
  /// this result about each item, and put the fresh ones with their places. A process with
  /// different input is told so. Waits for the broker's answer, at most `within`; nullopt without
  /// one.
  std::optional<std::vector<Checkpoint>> already_put_within(TimeLimit within);

  /// Whether the broker was heard recently.
  bool in_touch();

  /// From any thread: calls that wait now or later throw ClientError (stopped). Items already put
  /// stay put; close() still takes care of them.
  void stop();

  /// Waits until everything is confirmed (unless stopped), and ends the session; takes at most
  /// `within`. From its start, calls of other threads throw ClientError (closed), and so do all
  /// later calls. Throws like try_flush(), and ClientError (close_unconfirmed) if the broker did
  /// not confirm the end in time. A second call does nothing.
  void close(TimeLimit within);

  /// A call that waits, or else the next one that would have to, throws ClientError (interrupted).
  /// May be called by a signal handler.
  void interrupt();
  /// A descriptor that is readable when something has changed, until take_event().
  int event_fd();
  void take_event();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::internal
