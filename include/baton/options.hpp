// Options of producers and consumers. Part of the C++17 interface over baton.h, where each setter
// is described.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "baton/error.hpp"

namespace baton {

/// Threads and sockets that clients share: see baton_runtime. Clients keep alive what they need of
/// it.
class Runtime {
 public:
  Runtime() {
    baton_runtime* made = nullptr;
    detail::check(baton_runtime_new(&made));
    handle_.reset(made);
  }
  baton_runtime* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(baton_runtime* runtime) const noexcept { baton_runtime_free(runtime); }
  };
  std::unique_ptr<baton_runtime, Free> handle_;
};

enum class HostTag : std::int32_t {
  automatic = BATON_HOST_TAG_AUTOMATIC,
  on = BATON_HOST_TAG_ON,
  off = BATON_HOST_TAG_OFF,
};

/// Called while a call of the client waits: `level` and `code` are BATON_LOG_...
using Log = std::function<void(std::int32_t level, std::int32_t code, const std::string& text)>;

/// Each setter returns the object, and throws Error (invalid_argument). One object may be used for
/// several clients.
class Options {
 public:
  Options() : handle_(detail::made(baton_options_new())) {}

  Options& broker(const std::string& host_and_port) & {
    return set(baton_options_set_broker(handle(), detail::text(host_and_port)));
  }
  Options& queue(const std::string& name) & {
    return set(baton_options_set_queue(handle(), detail::text(name)));
  }
  Options& add_queue(const std::string& name) & {
    return set(baton_options_add_queue(handle(), detail::text(name)));
  }
  Options& name(const std::string& name) & {
    return set(baton_options_set_name(handle(), detail::text(name)));
  }
  Options& prefetch(std::uint32_t items) & {
    return set(baton_options_set_prefetch(handle(), items));
  }
  Options& connect_timeout(TimeLimit limit) & {
    return set(baton_options_set_connect_timeout(handle(), limit.ms()));
  }
  Options& host_tag(HostTag tag) & {
    return set(baton_options_set_host_tag(handle(), static_cast<std::int32_t>(tag)));
  }
  Options& runtime(const Runtime& runtime) & {
    return set(baton_options_set_runtime(handle(), runtime.handle()));
  }
  /// Exceptions from `log` are ignored.
  Options& log(Log log) & {
    log_ = log ? std::make_shared<Log>(std::move(log)) : nullptr;
    return set(baton_options_set_log(handle(), log_ ? &tell : nullptr, log_.get()));
  }

  // The same for an object that has no name yet: `auto options = Options().queue("mail");`
  Options broker(const std::string& host_and_port) && { return std::move(broker(host_and_port)); }
  Options queue(const std::string& name) && { return std::move(queue(name)); }
  Options add_queue(const std::string& name) && { return std::move(add_queue(name)); }
  Options name(const std::string& name) && { return std::move(this->name(name)); }
  Options prefetch(std::uint32_t items) && { return std::move(prefetch(items)); }
  Options connect_timeout(TimeLimit limit) && { return std::move(connect_timeout(limit)); }
  Options host_tag(HostTag tag) && { return std::move(host_tag(tag)); }
  Options runtime(const Runtime& runtime) && { return std::move(this->runtime(runtime)); }
  Options log(Log log) && { return std::move(this->log(std::move(log))); }

  baton_options* handle() const noexcept { return handle_.get(); }
  /// Must be kept by all clients that are created with these options.
  const std::shared_ptr<Log>& log() const noexcept { return log_; }

 private:
  struct Free {
    void operator()(baton_options* options) const noexcept { baton_options_free(options); }
  };

  Options& set(baton_status status) {
    detail::check(status);
    return *this;
  }

  static void tell(void* log, std::int32_t level, std::int32_t code, const char* text) noexcept {
    try {
      (*static_cast<Log*>(log))(level, code, text);
    } catch (...) {
    }
  }

  std::unique_ptr<baton_options, Free> handle_;
  std::shared_ptr<Log> log_;
};

/// Options of a put. Each setter returns the object, and throws Error (invalid_argument).
class PutOptions {
 public:
  PutOptions() : handle_(detail::made(baton_put_options_new())) {}

  PutOptions& priority(std::uint32_t priority) & {
    detail::check(baton_put_options_set_priority(handle(), priority));
    return *this;
  }
  PutOptions& delay(std::chrono::milliseconds delay) & {
    detail::check(baton_put_options_set_delay(handle(), delay.count()));
    return *this;
  }

  PutOptions priority(std::uint32_t priority) && { return std::move(this->priority(priority)); }
  PutOptions delay(std::chrono::milliseconds delay) && { return std::move(this->delay(delay)); }

  baton_put_options* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(baton_put_options* options) const noexcept { baton_put_options_free(options); }
  };
  std::unique_ptr<baton_put_options, Free> handle_;
};

}  // namespace baton
