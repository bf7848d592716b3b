// Errors as exceptions, and time limits of calls. Part of the C++17 interface over baton.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "baton/baton.h"

namespace baton {

/// The statuses of baton.h, which explains them.
enum class Status : std::int32_t {
  ok = BATON_OK,
  would_block = BATON_WOULD_BLOCK,
  interrupted = BATON_INTERRUPTED,
  closed = BATON_CLOSED,
  stopped = BATON_STOPPED,
  shutdown = BATON_SHUTDOWN,
  not_held = BATON_NOT_HELD,
  busy = BATON_BUSY,
  unreachable = BATON_UNREACHABLE,
  refused = BATON_REFUSED,
  unconfirmed = BATON_UNCONFIRMED,
  invalid_argument = BATON_INVALID_ARGUMENT,
  forked = BATON_FORKED,
  no_resources = BATON_NO_RESOURCES,
  internal = BATON_INTERNAL,
};

/// Thrown by all calls that fail. what() is a sentence for people.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& what, std::string refusal = {})
      : std::runtime_error(what), status_(status), refusal_(std::move(refusal)) {}
  Status status() const noexcept { return status_; }
  /// Why the broker refused: see baton_last_refusal().
  const std::string& refusal() const noexcept { return refusal_; }

 private:
  Status status_;
  std::string refusal_;
};

/// How long a call may wait: any duration; a negative one, or the longest of its type, means
/// without limit.
class TimeLimit {
 public:
  template <class Rep, class Period>
  constexpr TimeLimit(std::chrono::duration<Rep, Period> limit) : ms_(to_ms(limit)) {}
  constexpr std::int64_t ms() const noexcept { return ms_; }

 private:
  template <class Rep, class Period>
  static constexpr std::int64_t to_ms(std::chrono::duration<Rep, Period> limit) {
    using Limit = std::chrono::duration<Rep, Period>;
    using Ms = std::chrono::duration<std::int64_t, std::milli>;
    constexpr auto most =
        std::chrono::duration<double>(Ms(std::numeric_limits<std::int64_t>::max() / 2));
    if (limit < Limit::zero() || limit == Limit::max()) return BATON_FOREVER;
    if (std::chrono::duration<double>(limit) >= most) return BATON_FOREVER;
    const auto whole = std::chrono::duration_cast<Ms>(limit);
    return whole < limit ? whole.count() + 1 : whole.count();
  }

  std::int64_t ms_;
};

inline constexpr TimeLimit forever = std::chrono::milliseconds(-1);
inline constexpr TimeLimit now = std::chrono::milliseconds(0);

namespace detail {

[[noreturn]] inline void raise(baton_status status) {
  throw Error(static_cast<Status>(status), baton_last_error(), baton_last_refusal());
}

inline void check(baton_status status) {
  if (status != BATON_OK) raise(status);
}

/// Whether the call succeeded in time.
inline bool in_time(baton_status status) {
  if (status != BATON_WOULD_BLOCK) check(status);
  return status == BATON_OK;
}

/// For C, where a text ends at its first NUL byte: a name must not have one.
inline const char* text(const std::string& name) {
  if (name.find('\0') != std::string::npos)
    throw Error(Status::invalid_argument, "a name or an address has a NUL byte");
  return name.c_str();
}

/// For functions that return NULL when there is no memory.
template <class Handle>
Handle* made(Handle* handle) {
  if (!handle) throw Error(Status::no_resources, baton_status_text(BATON_NO_RESOURCES));
  return handle;
}

}  // namespace detail
}  // namespace baton
