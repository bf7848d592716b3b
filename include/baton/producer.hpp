// Producers: put items into a queue, and can wait until they are done. The C++17 interface over
// baton.h, which describes each call. Here a call that fails throws Error, and one with a time
// limit returns whether it succeeded in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "baton/error.hpp"
#include "baton/options.hpp"

namespace baton {

/// What became of a producer's items.
struct Counts {
  std::uint64_t put = 0;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  std::uint64_t lost = 0;
};

/// A dead item, as far as its producer knows.
struct DeadItem {
  struct Failure {
    std::string consumer;  ///< its name, or host and process id
    std::string reason;
    std::chrono::milliseconds age{0};  ///< before the item died
  };
  std::uint64_t id = 0;
  std::string queue;
  std::string body;  ///< its first 200 bytes, printable; then "... (N bytes)"
  std::uint64_t failures = 0;
  std::vector<Failure> history;  ///< the last failures, oldest first
};

/// All methods may be called from any thread. A moved-from Producer may only be destroyed.
class Producer {
 public:
  explicit Producer(const Options& options = {}) : log_(options.log()) {
    baton_producer* made = nullptr;
    detail::check(baton_producer_new(options.handle(), &made));
    handle_.reset(made);
  }

  /// Returns the item's number among those of this producer, from 1. Waits without limit.
  std::uint64_t put(std::string_view body) { return put(body, nullptr); }
  std::uint64_t put(std::string_view body, const PutOptions& options) {
    return put(body, options.handle());
  }
  /// nullopt if it could not be put in time.
  [[nodiscard]] std::optional<std::uint64_t> try_put(std::string_view body, TimeLimit limit = now) {
    return try_put(body, limit, nullptr);
  }
  [[nodiscard]] std::optional<std::uint64_t> try_put(std::string_view body, TimeLimit limit,
                                                     const PutOptions& options) {
    return try_put(body, limit, options.handle());
  }

  void flush() { static_cast<void>(try_flush(forever)); }
  [[nodiscard]] bool try_flush(TimeLimit limit) {
    return detail::in_time(baton_producer_flush(handle(), limit.ms()));
  }

  Counts join() {
    static_cast<void>(try_join(forever));
    return counts();
  }
  [[nodiscard]] bool try_join(TimeLimit limit) {
    return detail::in_time(baton_producer_join(handle(), limit.ms()));
  }
  Counts counts() const {
    Counts counts;
    detail::check(
        baton_producer_counts(handle(), &counts.put, &counts.done, &counts.dead, &counts.lost));
    return counts;
  }

  /// The last 1,000.
  std::vector<DeadItem> dead_items() const {
    baton_dead_items* handle = nullptr;
    detail::check(baton_producer_dead_items(this->handle(), &handle));
    const std::unique_ptr<baton_dead_items, FreeDead> dead(handle);
    std::vector<DeadItem> items(baton_dead_items_count(dead.get()));
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i] = {baton_dead_item_id(dead.get(), i),
                  baton_dead_item_queue(dead.get(), i),
                  baton_dead_item_body(dead.get(), i),
                  baton_dead_item_failures(dead.get(), i),
                  {}};
      for (std::size_t k = 0; k < baton_dead_item_history(dead.get(), i); ++k)
        items[i].history.push_back(
            {baton_dead_item_consumer(dead.get(), i, k), baton_dead_item_reason(dead.get(), i, k),
             std::chrono::milliseconds(baton_dead_item_age_ms(dead.get(), i, k))});
    }
    return items;
  }

  void print(std::string_view lines) { static_cast<void>(try_print(lines, forever)); }
  [[nodiscard]] bool try_print(std::string_view lines, TimeLimit limit) {
    return detail::in_time(baton_producer_print(handle(), lines.data(), lines.size(), limit.ms()));
  }

  void stop() { detail::check(baton_producer_stop(handle())); }
  bool in_contact() const { return baton_producer_in_contact(handle()) == 1; }
  void interrupt() noexcept { baton_producer_interrupt(handle()); }
  int fd() {
    int fd = -1;
    detail::check(baton_producer_fd(handle(), &fd));
    return fd;
  }
  void dispatch() { detail::check(baton_producer_dispatch(handle())); }
  void close(TimeLimit limit = forever) {
    detail::check(baton_producer_close(handle(), limit.ms()));
  }

  baton_producer* handle() const noexcept { return handle_.get(); }

 private:
  struct FreeDead {
    void operator()(baton_dead_items* dead) const noexcept { baton_dead_items_free(dead); }
  };
  struct Free {
    void operator()(baton_producer* producer) const noexcept { baton_producer_free(producer); }
  };

  std::uint64_t put(std::string_view body, const baton_put_options* options) {
    std::uint64_t number = 0;
    detail::check(baton_put(handle(), body.data(), body.size(), options, BATON_FOREVER, &number));
    return number;
  }

  std::optional<std::uint64_t> try_put(std::string_view body, TimeLimit limit,
                                       const baton_put_options* options) {
    std::uint64_t number = 0;
    if (!detail::in_time(
            baton_put(handle(), body.data(), body.size(), options, limit.ms(), &number)))
      return std::nullopt;
    return number;
  }

  std::shared_ptr<Log> log_;  // outlives the client
  std::unique_ptr<baton_producer, Free> handle_;
};

/// The input of a named producer: puts only what no earlier process of the name has put (see
/// baton_input). Give it the input's items from the beginning. One thread at a time; its producer
/// must outlive it.
class Input {
 public:
  enum class Which : std::int32_t {
    fresh = BATON_INPUT_FRESH,
    already_put = BATON_INPUT_ALREADY_PUT,
    conflict = BATON_INPUT_CONFLICT,
  };

  /// Waits for the broker. `again`: ignore what was put before.
  explicit Input(Producer& producer, bool again = false) {
    static_cast<void>(open(producer, again, forever));
  }
  /// nullopt if the broker did not answer in time.
  [[nodiscard]] static std::optional<Input> try_open(Producer& producer, TimeLimit limit,
                                                     bool again = false) {
    Input made;
    if (!made.open(producer, again, limit)) return std::nullopt;
    return made;
  }

  /// Moves to the next item.
  Which next(std::string_view body) {
    std::int32_t which = 0;
    detail::check(baton_input_next(handle(), body.data(), body.size(), &which));
    return static_cast<Which>(which);
  }
  /// Leaves that item out: it counts as put.
  void skip() { detail::check(baton_input_skip(handle())); }
  /// Puts the item last given to next().
  std::uint64_t put(std::string_view body) { return *put(body, forever, nullptr); }
  std::uint64_t put(std::string_view body, const PutOptions& options) {
    return *put(body, forever, options.handle());
  }
  /// nullopt if it could not be put in time: it is still to be put, before the next item.
  [[nodiscard]] std::optional<std::uint64_t> try_put(std::string_view body, TimeLimit limit = now) {
    return put(body, limit, nullptr);
  }
  [[nodiscard]] std::optional<std::uint64_t> try_put(std::string_view body, TimeLimit limit,
                                                     const PutOptions& options) {
    return put(body, limit, options.handle());
  }

  std::uint64_t items() const noexcept { return baton_input_items(handle()); }
  std::uint64_t same() const noexcept { return baton_input_same(handle()); }
  std::uint64_t already_put() const noexcept { return baton_input_already_put(handle()); }
  bool complete() const noexcept { return baton_input_complete(handle()) == 1; }

  baton_input* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(baton_input* input) const noexcept { baton_input_free(input); }
  };

  Input() = default;

  bool open(Producer& producer, bool again, TimeLimit limit) {
    baton_input* made = nullptr;
    if (!detail::in_time(baton_input_new(producer.handle(), again ? 1 : 0, limit.ms(), &made)))
      return false;
    handle_.reset(made);
    return true;
  }
  std::optional<std::uint64_t> put(std::string_view body, TimeLimit limit,
                                   const baton_put_options* options) {
    std::uint64_t number = 0;
    if (!detail::in_time(
            baton_input_put(handle(), body.data(), body.size(), options, limit.ms(), &number)))
      return std::nullopt;
    return number;
  }

  std::unique_ptr<baton_input, Free> handle_;
};

}  // namespace baton
