// The C interface and arguments that are none.
#include <doctest/doctest.h>

#include <cstring>

#include "tests/library/of.hpp"

TEST_CASE(
    "library: what is NULL or out of range is an invalid argument with a sentence and nothing is "
    "changed") {
  baton_options* options = baton_options_new();
  baton_put_options* put = baton_put_options_new();
  baton_run_options* run = baton_run_options_new();
  baton_producer* producer = nullptr;
  baton_consumer* consumer = nullptr;
  std::size_t count = 0;
  baton_item* item = nullptr;
  baton_event* event = nullptr;
  int fd = 0;
  REQUIRE(baton_options_set_broker(options, "127.0.0.1:9") == BATON_OK);
  REQUIRE(baton_producer_new(options, &producer) == BATON_OK);
  REQUIRE(baton_consumer_new(options, &consumer) == BATON_OK);
  const std::string long_name(201, 'x');
  const baton_status all[] = {
      baton_options_set_broker(nullptr, "host"),
      baton_options_set_broker(options, nullptr),
      baton_options_set_broker(options, "host:99999"),
      baton_options_set_queue(options, nullptr),
      baton_options_set_broker(options, "host\n"),
      baton_options_set_broker(options, "ho\x1bst:5555"),
      baton_options_set_queue(options, ""),
      baton_options_set_queue(options, "h\n"),
      baton_options_set_queue(options, long_name.c_str()),
      baton_options_add_queue(options, "a b"),
      baton_options_set_name(options, long_name.c_str()),
      baton_options_set_name(options, "a\nb"),
      baton_options_set_name(options, "\xff"),
      baton_options_set_host_tag(options, 3),
      baton_options_set_prefetch(nullptr, 1),
      baton_put_options_set_priority(put, 10),
      baton_put_options_set_delay(put, -1),
      baton_put_options_set_delay(put, std::int64_t(1) << 32),
      baton_run_options_set_jobs(run, 0),
      baton_run_options_set_jobs(run, 4097),
      baton_producer_new(options, nullptr),
      baton_consumer_new(options, nullptr),
      baton_runtime_new(nullptr),
      baton_put(nullptr, "x", 1, nullptr, 0, nullptr),
      baton_put(producer, nullptr, 1, nullptr, 0, nullptr),
      baton_put(producer, "x", (std::size_t(16) << 20) + 1, nullptr, 0, nullptr),
      baton_producer_print(producer, nullptr, 1, 0),
      baton_producer_print(producer, "x", std::size_t(2) << 20, 0),
      baton_producer_flush(nullptr, 0),
      baton_producer_fd(producer, nullptr),
      baton_get(consumer, 0, nullptr),
      baton_get(nullptr, 0, &item),
      baton_get_batch(consumer, 0, 0, &item, &count),
      baton_get_batch(consumer, 1, 0, nullptr, &count),
      baton_consumer_request(consumer, 65'537),
      baton_consumer_run(consumer, nullptr, nullptr, nullptr),
      baton_consumer_fd(nullptr, &fd),
      baton_consumer_next_event(consumer, 0, nullptr),
      baton_consumer_close(consumer, 2, nullptr, 0),
      baton_item_ack(nullptr),
      baton_item_set_failure(nullptr, "x", 0),
  };
  for (std::size_t i = 0; i < std::size(all); ++i)
    CHECK_MESSAGE(all[i] == BATON_INVALID_ARGUMENT, "call ", i);
  CHECK(std::strlen(baton_last_error()) > 10);
  CHECK(item == nullptr);
  CHECK(event == nullptr);
  CHECK(baton_get(consumer, 0, &item) == BATON_WOULD_BLOCK);
  baton_consumer_free(consumer);
  baton_producer_free(producer);
  baton_run_options_free(run);
  baton_put_options_free(put);
  baton_options_free(options);
}

TEST_CASE("library: an error shows what it refuses and what acts on a terminal only escaped") {
  baton_options* options = baton_options_new();
  const auto error_of = [](baton_status status) {
    CHECK(status == BATON_INVALID_ARGUMENT);
    return std::string(baton_last_error());
  };
  const std::string shown = "'h\\x1b\\n'", given = "h\x1b\n";
  for (const auto& error : {error_of(baton_options_set_queue(options, given.c_str())),
                            error_of(baton_options_add_queue(options, given.c_str())),
                            error_of(baton_options_set_broker(options, given.c_str())),
                            error_of(baton_options_set_name(options, given.c_str()))}) {
    CAPTURE(error);
    CHECK(error.find(shown) != error.npos);
    CHECK(error.find_first_of(given.substr(1)) == error.npos);
  }
  baton_producer* producer = nullptr;
  REQUIRE(baton_options_set_broker(options, "127.0.0.1:9") == BATON_OK);
  CHECK(baton_producer_new(options, &producer) == BATON_OK);  // with the default queue
  baton_producer_free(producer);
  baton_options_free(options);
}

TEST_CASE("library: options are set on an object with a name and on one without") {
  baton::Options named;
  baton::Options& same = named.queue("a").prefetch(2);
  CHECK(&same == &named);
  const baton::Runtime runtime;
  auto made = baton::Options()
                  .broker("127.0.0.1:9")
                  .queue("a")
                  .add_queue("b")
                  .name("n")
                  .prefetch(1)
                  .connect_timeout(baton::forever)
                  .host_tag(baton::HostTag::off)
                  .runtime(runtime)
                  .log([](std::int32_t, std::int32_t, const std::string&) {});
  CHECK(made.log());
  const baton::Consumer consumer(made);
  baton::PutOptions put;
  CHECK(&put.priority(1).delay(std::chrono::milliseconds(1)) == &put);
  const auto urgent = baton::PutOptions().priority(9).delay(std::chrono::milliseconds(1));
  CHECK(urgent.handle());
}

TEST_CASE("library: NULL may be freed and each status has a name and a text") {
  baton_options_free(nullptr);
  baton_put_options_free(nullptr);
  baton_run_options_free(nullptr);
  baton_producer_free(nullptr);
  baton_consumer_free(nullptr);
  baton_runtime_free(nullptr);
  baton_event_free(nullptr);
  for (baton_status status = BATON_OK; status <= BATON_INTERNAL; ++status) {
    CHECK(std::strncmp(baton_status_name(status), "BATON_", 6) == 0);
    CHECK(std::strlen(baton_status_text(status)) > 5);
  }
  for (const baton_status none : {-1, BATON_INTERNAL + 1})
    CHECK(std::string(baton_status_name(none)) == "unknown status");
  CHECK(std::string(baton_version()).find('.') != std::string::npos);
}
