// The producer library: puts items into a queue of a broker, and can wait until they are done.
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
  /// Identity: a later process with the same name may go on after what this one has put (see
  /// Producer::already_put_within()), and try_join() waits for what they all have put. Empty: a
  /// random one. At most max_client_name bytes.
  std::string name;
};

struct PutOptions {
  std::uint8_t priority = default_priority;  ///< 0 to max_priority; the higher goes first
  std::chrono::milliseconds delay{
      0};  ///< the item is handed out after this time, not before; up to 49 days
  /// Where in its input a named producer is with this item, so that a later process can go on
  /// there. All of its items have one, or none.
  std::optional<InputPlace> place;
};

/// All methods may be called from any thread; items put by one thread keep their order. The
/// connection is made and kept in the background: putting and printing wait for the broker only
/// when they must.
class Producer {
 public:
  /// Throws ClientError (argument) for a queue name or name that is none.
  explicit Producer(ProducerOptions options);
  /// Ends the session within goodbye_timeout, whether or not everything was confirmed: see close().
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Puts an item of up to max_body bytes: its number among those of this producer, from 1; nothing
  /// when it did not put it `within` that time. Returns when it is on its way, not when it is kept:
  /// see try_flush(). Waits while the queue is full or as much as may be is unconfirmed. Throws
  /// ClientError: shutdown, closed, stopped, unreachable, refused, argument, interrupted.
  [[nodiscard]] std::optional<SeqNo> put_within(std::string_view body, TimeLimit within,
                                                const PutOptions& options = {});

  /// Waits until everything that was put and said is confirmed, at most `within`: whether it is.
  /// Throws ClientError: closed, stopped, unreachable, refused, interrupted.
  [[nodiscard]] bool try_flush(TimeLimit within);

  /// Waits until everything that was put under this name is settled, at most `within`: whether it
  /// is. Settled is what is done, dead, or lost with a broker that stores nothing, or whose data
  /// was emptied or replaced. Throws as try_flush() does.
  [[nodiscard]] bool try_join(TimeLimit within);

  /// What became of them so far, as the broker said last: it says so once a second. Does not wait.
  Settled settled();
  /// The same without the notices, which it does not copy.
  Settled counts();

  /// Publishes a block of lines on the system's console: they reach the terminal together. Waits
  /// while the console is held back, at most `within`: whether they are said. Up to max_print bytes
  /// with tags and the last newline. Throws as put_within() does.
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit within);

  /// What earlier processes have put under this name, of their input. Who reads the same input from
  /// its beginning, asks a Retrace made of it about each item, puts such as are fresh, and names
  /// their places, puts each item once, however often it is killed; a process with other input is
  /// told so. Waits until the broker has answered, at most `within`; nothing when it is not known
  /// by then.
  std::optional<std::vector<Checkpoint>> already_put_within(TimeLimit within);

  /// Whether the broker was heard a moment ago.
  bool in_touch();

  /// From any thread: calls that wait now or later throw ClientError (stopped). What was put stays
  /// put; close() still sees to it.
  void stop();

  /// Waits until everything is confirmed (unless stopped), and ends the session, but takes at most
  /// `within`. Calls of other threads throw ClientError (closed) from its beginning on, and so does
  /// everything afterwards. Throws as try_flush() does, and ClientError (close_unconfirmed) when
  /// the broker did not confirm the end in time. A second call does nothing.
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
