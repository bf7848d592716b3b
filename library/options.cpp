#include "library/options.hpp"

#include <cstdlib>
#include <limits>
#include <new>

#include "client/common.hpp"
#include "library/status.hpp"

namespace baton::internal::capi {
namespace {

constexpr std::int64_t longest_delay = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t most_jobs = 4096;

BrokerAddress default_broker() {
  const char* broker =
      std::getenv("BATON_BROKER");  // NOLINT(concurrency-mt-unsafe): nothing here sets it
  return broker && *broker ? parse_broker_address(broker) : BrokerAddress();
}

/// Changes an option object with `set`, which may throw. `given`: no pointer argument is NULL.
template <class Set>
baton_status change(bool given, Set set) {
  if (!given) return failed(BATON_INVALID_ARGUMENT, "a pointer is NULL");
  return guarded([&] {
    set();
    return ok;
  });
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

void log_to(ClientOptions& client, baton_log_callback log, void* context) {
  if (!log) return;
  client.on_notice = [log, context](const std::string& text) {
    const bool contact =
        text.compare(0, std::char_traits<char>::length(in_contact), in_contact) == 0;
    log(context, contact ? BATON_LOG_INFO : BATON_LOG_WARNING,
        contact ? BATON_LOG_CONTACT : BATON_LOG_WAITING, text.c_str());
  };
}

ClientOptions client_options(const baton_options& options) {
  auto made = options.client;
  made.broker = options.broker ? *options.broker : default_broker();
  log_to(made, options.log, options.log_context);
  return made;
}

template <class Options>
Options named_options(const baton_options& options) {
  Options made;
  static_cast<ClientOptions&>(made) = client_options(options);
  made.name = options.name;
  return made;
}

}  // namespace

ProducerOptions producer_options(const baton_options* options) {
  if (!options) return named_options<ProducerOptions>({});
  if (options->queues.size() != 1) throw std::invalid_argument("a producer puts into one queue");
  auto made = named_options<ProducerOptions>(*options);
  made.queue = options->queues.front();
  return made;
}

ConsumerOptions consumer_options(const baton_options* options) {
  if (!options) return named_options<ConsumerOptions>({});
  auto made = named_options<ConsumerOptions>(*options);
  made.queues = options->queues;
  made.prefetch = options->prefetch;
  return made;
}

ClientOptions printer_options(const baton_options* options) {
  return client_options(options ? *options : baton_options());
}

}  // namespace baton::internal::capi

using namespace baton::internal::capi;

baton_options* baton_options_new() { return new (std::nothrow) baton_options(); }
void baton_options_free(baton_options* options) { delete options; }

baton_status baton_options_set_broker(baton_options* options, const char* broker) {
  return change(options && broker,
                [&] { options->broker = baton::internal::parse_broker_address(broker); });
}

baton_status baton_options_set_queue(baton_options* options, const char* queue) {
  return change(options && queue, [&] {
    baton::internal::require_queue_name(queue);
    options->queues = {queue};
  });
}

baton_status baton_options_add_queue(baton_options* options, const char* queue) {
  return change(options && queue, [&] {
    baton::internal::require_queue_name(queue);
    require(options->queues.size() < baton::internal::max_queues,
            "a consumer gets from 64 queues at most");
    options->queues.emplace_back(queue);
  });
}

baton_status baton_options_set_name(baton_options* options, const char* name) {
  return change(options && name, [&] {
    baton::internal::require_client_name(name);
    options->name = name;
  });
}

baton_status baton_options_set_prefetch(baton_options* options, std::uint32_t items) {
  return change(options, [&] { options->prefetch = items; });
}

baton_status baton_options_set_connect_timeout(baton_options* options, std::int64_t timeout_ms) {
  return change(options, [&] { options->client.connect_timeout = time_limit(timeout_ms); });
}

baton_status baton_options_set_runtime(baton_options* options, baton_runtime* runtime) {
  return change(options, [&] {
    if (runtime) runtime->runtime->require_own_process();
    options->client.runtime = runtime ? runtime->runtime : nullptr;
  });
}

baton_status baton_options_set_host_tag(baton_options* options, std::int32_t host_tag) {
  return change(options, [&] {
    switch (host_tag) {
      case BATON_HOST_TAG_AUTOMATIC:
        options->client.tag = baton::internal::HostTag::automatic;
        break;
      case BATON_HOST_TAG_ON:
        options->client.tag = baton::internal::HostTag::on;
        break;
      case BATON_HOST_TAG_OFF:
        options->client.tag = baton::internal::HostTag::off;
        break;
      default:
        throw std::invalid_argument("there is no such host tag");
    }
  });
}

baton_status baton_options_set_log(baton_options* options, baton_log_callback log, void* context) {
  return change(options, [&] {
    options->log = log;
    options->log_context = context;
  });
}

baton_put_options* baton_put_options_new() { return new (std::nothrow) baton_put_options(); }
void baton_put_options_free(baton_put_options* options) { delete options; }

baton_status baton_put_options_set_priority(baton_put_options* options, std::uint32_t priority) {
  return change(options, [&] {
    require(priority <= baton::internal::max_priority, "a priority is 0 to 9");
    options->put.priority = static_cast<std::uint8_t>(priority);
  });
}

baton_status baton_put_options_set_delay(baton_put_options* options, std::int64_t delay_ms) {
  return change(options, [&] {
    require(delay_ms >= 0 && delay_ms <= longest_delay, "a delay is 0 ms to 49 days");
    options->put.delay = std::chrono::milliseconds(delay_ms);
  });
}

baton_run_options* baton_run_options_new() { return new (std::nothrow) baton_run_options(); }
void baton_run_options_free(baton_run_options* options) { delete options; }

baton_status baton_run_options_set_jobs(baton_run_options* options, std::uint32_t jobs) {
  return change(options, [&] {
    require(jobs >= 1 && jobs <= most_jobs, "jobs are 1 to 4096");
    options->run.jobs = jobs;
  });
}

baton_status baton_run_options_set_before_get(baton_run_options* options,
                                              void (*before_get)(void* context), void* context) {
  return change(options, [&] {
    options->run.before_request = nullptr;
    if (before_get) options->run.before_request = [=] { before_get(context); };
  });
}

baton_status baton_run_options_set_count(baton_run_options* options, std::uint64_t items) {
  return change(options, [&] { options->run.count = items; });
}

baton_status baton_runtime_new(baton_runtime** runtime) {
  return change(runtime, [&] {
    auto made = std::make_unique<baton_runtime>();
    made->runtime = std::make_shared<baton::internal::Runtime>();
    *runtime = made.release();
  });
}

void baton_runtime_free(baton_runtime* runtime) { delete runtime; }
