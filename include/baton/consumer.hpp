// Consumers: get items from queues on demand, and settle them. The C++17 interface over baton.h,
// which describes each call. Here a call that fails throws Error, and one with a time limit returns
// whether it succeeded in time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

#include "baton/error.hpp"
#include "baton/options.hpp"

namespace baton {

/// An item that its consumer holds, until it is settled by ack, fail or release. An item destroyed
/// before that has failed: otherwise a program that crashes in its work would get the same item
/// forever.
class Item {
 public:
  /// Takes ownership of an item from the C interface.
  explicit Item(baton_item* item) noexcept : item_(item) {}
  Item(Item&& other) noexcept
      : item_(std::exchange(other.item_, nullptr)), exceptions_(std::uncaught_exceptions()) {}
  Item& operator=(Item&& other) noexcept {
    if (this != &other) {
      fail_unsettled();
      item_ = std::exchange(other.item_, nullptr);
    }
    return *this;
  }
  ~Item() { fail_unsettled(); }

  /// Valid until the item is settled. Not copied.
  std::string_view body() const noexcept {
    std::size_t size = 0;
    const auto* data = static_cast<const char*>(baton_item_body(item_, &size));
    return {data, size};
  }
  std::string_view queue() const noexcept { return baton_item_queue(item_); }
  std::uint64_t id() const noexcept { return baton_item_id(item_); }
  std::uint32_t priority() const noexcept { return baton_item_priority(item_); }
  std::uint32_t delivery_count() const noexcept { return baton_item_delivery_count(item_); }

  /// Settle it; afterwards only the destructor may be called. False: its lease had ended before.
  bool ack() { return settled(baton_item_ack(release_handle())); }
  bool fail(const std::string& reason, std::chrono::milliseconds delay = {}) {
    return settled(baton_item_fail(release_handle(), reason.c_str(), delay.count()));
  }
  bool release() { return settled(baton_item_release(release_handle())); }

  /// Why work on it should stop: not_held, stopped or closed; ok if there is no reason.
  Status stop_reason() const { return static_cast<Status>(baton_item_stop_reason(item_)); }
  bool stop_requested() const { return stop_reason() != Status::ok; }
  /// Sleeps for that time, or until there is a reason to stop; returns whether there is.
  bool wait_stop(TimeLimit limit) const {
    const auto reason = baton_item_wait_stop(item_, limit.ms());
    if (reason == BATON_INTERRUPTED) detail::raise(reason);
    return reason != BATON_WOULD_BLOCK;
  }

  baton_item* handle() const noexcept { return item_; }
  /// The caller settles it with the C interface.
  baton_item* release_handle() noexcept { return std::exchange(item_, nullptr); }

 private:
  static bool settled(baton_status status) {
    if (status != BATON_NOT_HELD) detail::check(status);
    return status == BATON_OK;
  }

  void fail_unsettled() noexcept {
    if (!item_) return;
    const bool thrown = std::uncaught_exceptions() > exceptions_;
    baton_item_fail(release_handle(),
                    thrown ? "an exception ended the work on it" : "it was not settled", 0);
  }

  baton_item* item_;
  int exceptions_ = std::uncaught_exceptions();
};

/// What a handler decides about its item.
class Outcome {
 public:
  static Outcome ack() { return Outcome(BATON_ACK); }
  static Outcome fail(std::string reason, std::chrono::milliseconds delay = {}) {
    Outcome outcome(BATON_FAIL);
    outcome.reason_ = std::move(reason);
    outcome.delay_ = delay;
    return outcome;
  }
  static Outcome release() { return Outcome(BATON_RELEASE); }

  std::int32_t what() const noexcept { return what_; }  ///< BATON_ACK, BATON_FAIL or BATON_RELEASE
  const std::string& reason() const noexcept { return reason_; }
  std::chrono::milliseconds delay() const noexcept { return delay_; }

 private:
  explicit Outcome(std::int32_t what) : what_(what) {}

  std::int32_t what_;
  std::string reason_;
  std::chrono::milliseconds delay_{0};
};

struct RunOptions {
  std::uint32_t jobs = 1;   ///< handlers that run at the same time, each on a thread of its own
  std::uint64_t count = 0;  ///< return after this number of items; 0: without limit
  /// Called by each job before it requests an item; must not throw.
  std::function<void()> before_get = nullptr;
};

/// A problem with an item that the consumer had.
struct Event {
  enum class Kind : std::int32_t {
    lease_ended = BATON_EVENT_LEASE_ENDED,
    not_granted = BATON_EVENT_NOT_GRANTED,
    more = BATON_EVENT_MORE,
  };
  Kind kind;
  std::uint64_t item_id;
  std::uint64_t count;
};

enum class Held : std::int32_t { fail = BATON_FAIL_HELD, release = BATON_RELEASE_HELD };

/// All methods may be called from any thread. A moved-from Consumer may only be destroyed.
class Consumer {
 public:
  explicit Consumer(const Options& options = {}) : log_(options.log()) {
    baton_consumer* made = nullptr;
    detail::check(baton_consumer_new(options.handle(), &made));
    handle_.reset(made);
  }
  Consumer(Consumer&&) noexcept = default;
  Consumer& operator=(Consumer&&) = delete;
  /// Calls close(), within 5 s; held items fail.
  ~Consumer() {
    if (handle_ && std::uncaught_exceptions() > exceptions_)
      baton_consumer_close(handle(), BATON_FAIL_HELD, "its consumer ended by an exception", 5000);
  }

  /// Waits without limit. nullopt when the consumer is closed or the system has shut down.
  std::optional<Item> get() { return try_get(forever); }
  /// nullopt also when the time is up.
  [[nodiscard]] std::optional<Item> try_get(TimeLimit limit) {
    baton_item* item = nullptr;
    if (!there_is(baton_get(handle(), limit.ms(), &item))) return std::nullopt;
    return Item(item);
  }
  /// Empty where get() returns nullopt.
  [[nodiscard]] std::vector<Item> get_batch(std::size_t most, TimeLimit limit = forever) {
    constexpr std::size_t held_at_most = 65'536;  // by a consumer
    std::vector<baton_item*> got(std::min(most, held_at_most));
    std::vector<Item> items;
    items.reserve(got.size());
    std::size_t count = 0;
    if (!there_is(baton_get_batch(handle(), got.size(), limit.ms(), got.data(), &count)))
      return items;
    for (std::size_t i = 0; i < count; ++i) items.emplace_back(got[i]);
    return items;
  }
  void request(std::uint32_t items) { detail::check(baton_consumer_request(handle(), items)); }

  /// `handler` is called with an Item&, by several threads at once if jobs > 1. It returns an
  /// Outcome, or void for ack; if it has settled or moved the item, its result is ignored. If it
  /// throws, the item fails, with what() as the reason.
  template <class Handler>
  void run(Handler&& handler, const RunOptions& options = {}) {
    const std::unique_ptr<baton_run_options, FreeRun> run(detail::made(baton_run_options_new()));
    detail::check(baton_run_options_set_jobs(run.get(), options.jobs));
    detail::check(baton_run_options_set_count(run.get(), options.count));
    if (options.before_get)
      detail::check(baton_run_options_set_before_get(run.get(), &call_before_get,
                                                     as_context(options.before_get)));
    auto* context = const_cast<void*>(static_cast<const void*>(std::addressof(handler)));
    const auto status =
        baton_consumer_run(handle(), &call<std::remove_reference_t<Handler>>, context, run.get());
    if (status != BATON_CLOSED) detail::check(status);
  }
  void stop() { detail::check(baton_consumer_stop(handle())); }

  /// Sleeps for that time, or until run() should end; returns whether it should. If the broker is
  /// unreachable or has refused this client, run() throws the error.
  bool wait_stop(TimeLimit limit) {
    const auto reason = baton_consumer_wait_stop(handle(), limit.ms());
    switch (reason) {
      case BATON_STOPPED:
      case BATON_CLOSED:
      case BATON_SHUTDOWN:
      case BATON_UNREACHABLE:
      case BATON_REFUSED:
        return true;
      default:
        return detail::in_time(reason);
    }
  }

  void flush() { static_cast<void>(try_flush(forever)); }
  [[nodiscard]] bool try_flush(TimeLimit limit) {
    return detail::in_time(baton_consumer_flush(handle(), limit.ms()));
  }
  void print(std::string_view lines) { static_cast<void>(try_print(lines, forever)); }
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit limit) {
    return detail::in_time(baton_consumer_print(handle(), lines.data(), lines.size(), limit.ms()));
  }
  [[nodiscard]] std::optional<Event> next_event(TimeLimit limit = now) {
    baton_event* event = nullptr;
    if (!detail::in_time(baton_consumer_next_event(handle(), limit.ms(), &event)))
      return std::nullopt;
    const Event told{static_cast<Event::Kind>(baton_event_kind(event)), baton_event_item_id(event),
                     baton_event_count(event)};
    baton_event_free(event);
    return told;
  }

  bool in_contact() const { return baton_consumer_in_contact(handle()) == 1; }
  void interrupt() noexcept { baton_consumer_interrupt(handle()); }
  int fd() {
    int fd = -1;
    detail::check(baton_consumer_fd(handle(), &fd));
    return fd;
  }
  void dispatch() { detail::check(baton_consumer_dispatch(handle())); }
  void close(Held held = Held::release, const std::string& reason = "its consumer was closed",
             TimeLimit limit = forever) {
    detail::check(baton_consumer_close(handle(), static_cast<std::int32_t>(held), reason.c_str(),
                                       limit.ms()));
  }

  baton_consumer* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(baton_consumer* consumer) const noexcept { baton_consumer_free(consumer); }
  };
  struct FreeRun {
    void operator()(baton_run_options* options) const noexcept { baton_run_options_free(options); }
  };

  static void* as_context(const std::function<void()>& function) {
    return const_cast<void*>(static_cast<const void*>(&function));
  }
  static void call_before_get(void* function) noexcept {
    (*static_cast<const std::function<void()>*>(function))();
  }

  static bool there_is(baton_status status) {
    if (status == BATON_CLOSED || status == BATON_SHUTDOWN) return false;
    return detail::in_time(status);
  }

  template <class Handler>
  static Outcome outcome_of(Handler& handler, Item& item) {
    try {
      if constexpr (std::is_void_v<decltype(handler(item))>) {
        handler(item);
        return Outcome::ack();
      } else {
        return handler(item);
      }
    } catch (const std::exception& error) {
      return Outcome::fail(error.what());
#if defined(__GLIBCXX__)
    } catch (const abi::__forced_unwind&) {  // the thread is being ended, e.g. by pthread_exit()
      item.release_handle();
      throw;
#endif
    } catch (...) {
      return Outcome::fail("the handler threw something other than a std::exception");
    }
  }

  template <class Handler>
  static std::int32_t call(void* handler, baton_item* item) {
    Item shown(item);
    const Outcome outcome = outcome_of(*static_cast<Handler*>(handler), shown);
    if (!shown.release_handle()) return BATON_KEEP;
    if (outcome.what() == BATON_FAIL)
      baton_item_set_failure(item, outcome.reason().c_str(), outcome.delay().count());
    return outcome.what();
  }

  std::shared_ptr<Log> log_;  // outlives the client
  std::unique_ptr<baton_consumer, Free> handle_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace baton
