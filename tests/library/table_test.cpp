// The table of docs/API.md: where each function may be called, and what it returns there.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

namespace {

enum Column : std::size_t { any_thread, handler, log_callback, after_close, child };
using Row = std::array<std::string, 5>;

/// The cells of the row that has the function: its whole name, or its end, as in `_flush`.
Row row_of(const std::string& function) {
  static const std::regex name("`([a-z_]+)`"), note(" *\\([0-9]\\)");
  std::ifstream document(BATON_SOURCE_DIR "/docs/API.md");
  for (std::string line; std::getline(document, line);) {
    if (line.rfind("| `baton_", 0) != 0) continue;
    std::string begin;  // as in "baton_producer"
    const auto names = line.substr(0, line.find(" |"));
    for (std::sregex_iterator at(names.begin(), names.end(), name), end; at != end; ++at) {
      auto found = at->str(1);
      if (found.front() == '_')
        found = begin + found;
      else
        begin = found.substr(0, found.find('_', std::string("baton_").size()));
      if (found != function) continue;
      Row row;
      std::istringstream cells(std::regex_replace(line.substr(names.size() + 2), note, ""));
      for (auto& cell : row) {
        std::getline(cells, cell, '|');
        cell = std::regex_replace(cell, std::regex("^ +| +$|`"), "");
      }
      return row;
    }
  }
  FAIL("not in the table: ", function);
  return {};
}

/// Clients, and items of the consumer. What is null is not called.
struct Handles {
  baton_producer* producer = nullptr;
  baton_input* input = nullptr;
  baton_printer* printer = nullptr;
  baton_consumer* consumer = nullptr;
  std::vector<baton_item*> items;
};

struct Call {
  std::string function;
  std::function<baton_status()> call;
};

std::size_t write_all(void*, const char*, std::size_t size) { return size; }
std::int32_t ack(void*, baton_item*) { return BATON_ACK; }

baton_status dead_items(baton_producer* producer) {
  baton_dead_items* dead = nullptr;
  const auto status = baton_producer_dead_items(producer, &dead);
  baton_dead_items_free(dead);
  return status;
}

baton_status another_input(baton_producer* producer) {
  baton_input* input = nullptr;
  const auto status = baton_input_new(producer, 0, 0, &input);
  baton_input_free(input);
  return status;
}

std::vector<Call> calls_of_producer(baton_producer* producer, baton_input* input) {
  std::vector<Call> calls{
      {"baton_producer_flush", [=] { return baton_producer_flush(producer, 0); }},
      {"baton_producer_join", [=] { return baton_producer_join(producer, 0); }},
      {"baton_producer_print", [=] { return baton_producer_print(producer, "line", 4, 0); }},
      {"baton_producer_counts",
       [=] { return baton_producer_counts(producer, nullptr, nullptr, nullptr, nullptr); }},
      {"baton_producer_dead_items", [=] { return dead_items(producer); }},
      {"baton_producer_fd", [=, fd = 0]() mutable { return baton_producer_fd(producer, &fd); }},
      {"baton_producer_dispatch", [=] { return baton_producer_dispatch(producer); }},
      {"baton_input_new", [=] { return another_input(producer); }},
      {"baton_producer_stop", [=] { return baton_producer_stop(producer); }},
      {"baton_producer_close", [=] { return baton_producer_close(producer, 0); }},
  };
  std::int32_t which = 0;
  if (input && baton_input_next(input, "item", 4, &which) == BATON_OK)
    calls.insert(calls.begin(), {"baton_input_put", [=] {
                                   return baton_input_put(input, "item", 4, nullptr, 0, nullptr);
                                 }});
  else
    calls.insert(calls.begin(), {"baton_put", [=] {
                                   return baton_put(producer, "item", 4, nullptr, 0, nullptr);
                                 }});
  return calls;
}

std::vector<Call> calls_of_printer(baton_printer* printer) {
  return {
      {"baton_printer_stop", [=] { return baton_printer_stop(printer); }},
      {"baton_printer_run", [=] { return baton_printer_run(printer, &write_all, nullptr); }},
      {"baton_printer_close", [=] { return baton_printer_close(printer, 0); }},
  };
}

baton_status get(baton_consumer* consumer) {
  baton_item* item = nullptr;
  return baton_get(consumer, 0, &item);
}

baton_status get_batch(baton_consumer* consumer) {
  baton_item* item = nullptr;
  std::size_t count = 0;
  return baton_get_batch(consumer, 1, 0, &item, &count);
}

baton_status next_event(baton_consumer* consumer) {
  baton_event* event = nullptr;
  const auto status = baton_consumer_next_event(consumer, 0, &event);
  baton_event_free(event);
  return status;
}

std::vector<Call> calls_of_consumer(baton_consumer* consumer) {
  return {
      {"baton_get", [=] { return get(consumer); }},
      {"baton_get_batch", [=] { return get_batch(consumer); }},
      {"baton_consumer_request", [=] { return baton_consumer_request(consumer, 1); }},
      {"baton_consumer_flush", [=] { return baton_consumer_flush(consumer, 0); }},
      {"baton_consumer_print", [=] { return baton_consumer_print(consumer, "line", 4, 0); }},
      {"baton_consumer_next_event", [=] { return next_event(consumer); }},
      {"baton_consumer_wait_stop", [=] { return baton_consumer_wait_stop(consumer, 0); }},
      {"baton_consumer_fd", [=, fd = 0]() mutable { return baton_consumer_fd(consumer, &fd); }},
      {"baton_consumer_dispatch", [=] { return baton_consumer_dispatch(consumer); }},
      {"baton_consumer_stop", [=] { return baton_consumer_stop(consumer); }},
      {"baton_consumer_run", [=] { return baton_consumer_run(consumer, &ack, nullptr, nullptr); }},
      {"baton_consumer_close",
       [=] { return baton_consumer_close(consumer, BATON_RELEASE_HELD, "", 0); }},
  };
}

std::vector<Call> calls_of_items(const std::vector<baton_item*>& items) {
  if (items.size() < 3) return {};
  return {
      {"baton_item_set_failure", [=] { return baton_item_set_failure(items[0], "why", 0); }},
      {"baton_item_stop_reason", [=] { return baton_item_stop_reason(items[0]); }},
      {"baton_item_wait_stop", [=] { return baton_item_wait_stop(items[0], 0); }},
      {"baton_item_ack", [=] { return baton_item_ack(items[0]); }},
      {"baton_item_fail", [=] { return baton_item_fail(items[1], "why", 0); }},
      {"baton_item_release", [=] { return baton_item_release(items[2]); }},
  };
}

/// In an order in which none disturbs those after it.
std::vector<Call> calls_of(const Handles& on) {
  std::vector<Call> all;
  for (const auto& some :
       {calls_of_items(on.items), calls_of_printer(on.printer),
        calls_of_producer(on.producer, on.input), calls_of_consumer(on.consumer)})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// Whether a cell says that. Statuses that no cell names depend on what happened before.
bool says(const Row& row, Column column, baton_status status) {
  auto cell = row[column];
  if (cell == "=") cell = "yes";
  if (cell == "yes" || cell.rfind("one", 0) == 0 || cell == "-" || cell.empty())
    return status != BATON_CLOSED && status != BATON_FORKED && status != BATON_BUSY;
  return "BATON_" + cell == baton_status_name(status);
}

/// The functions that return something else than their cell says.
std::string contradictions(const Handles& on, Column column) {
  std::string all;
  for (const auto& [function, call] : calls_of(on)) {
    const auto row = row_of(function);
    const auto status = call();
    if (!says(row, column, status))
      all += function + ": " + baton_status_name(status) + ", not " + row[column] + "; ";
  }
  return all;
}

/// Frees them, in any process.
void free_all(Handles& handles) {
  baton_input_free(handles.input);
  baton_producer_free(handles.producer);
  baton_printer_free(handles.printer);
  baton_consumer_free(handles.consumer);
  handles = {};
}

Handles make_all(const Options& options) {
  Handles made;
  REQUIRE(baton_producer_new(options.handle(), &made.producer) == BATON_OK);
  REQUIRE(baton_printer_new(options.handle(), &made.printer) == BATON_OK);
  REQUIRE(baton_consumer_new(options.handle(), &made.consumer) == BATON_OK);
  return made;
}

/// With an input, and three items that the consumer holds.
Handles with_items(const Broker& broker) {
  auto made = make_all(options_of(broker).name("table"));
  REQUIRE(baton_input_new(made.producer, 0, BATON_FOREVER, &made.input) == BATON_OK);
  Producer producer(options_of(broker));
  made.items.resize(3);
  for (auto& item : made.items) {
    producer.put("item");
    REQUIRE(baton_get(made.consumer, BATON_FOREVER, &item) == BATON_OK);
  }
  return made;
}

}  // namespace

TEST_CASE("library: what API.md says of calls on a client that was closed") {
  Broker broker;
  auto handles = with_items(broker);
  REQUIRE(baton_producer_close(handles.producer, BATON_FOREVER) == BATON_OK);
  REQUIRE(baton_printer_close(handles.printer, BATON_FOREVER) == BATON_OK);
  REQUIRE(baton_consumer_close(handles.consumer, BATON_FAIL_HELD, "", BATON_FOREVER) == BATON_OK);
  CHECK(contradictions(handles, after_close) == "");
  CHECK(baton_producer_in_contact(handles.producer) >= 0);
  CHECK(baton_consumer_in_contact(handles.consumer) >= 0);
  free_all(handles);
}

TEST_CASE("library: what API.md says of calls in a child and nothing of the parent is changed") {
  Broker broker;
  auto handles = with_items(broker);
  const int failed = in_child([&] {
    const auto wrong = contradictions(handles, child);
    if (!wrong.empty()) return std::fputs(wrong.c_str(), stderr), 1;
    if (baton_producer_in_contact(handles.producer) != 0) return 2;
    if (baton_consumer_in_contact(handles.consumer) != 0) return 3;
    baton_producer_interrupt(handles.producer);
    baton_consumer_interrupt(handles.consumer);
    free_all(handles);
    return 0;
  });
  CHECK(failed == 0);
  CHECK(contradictions(handles, any_thread) == "");
  free_all(handles);
}

TEST_CASE("library: what API.md says of calls by a handler") {
  Broker broker;
  auto handles = with_items(broker);
  Producer(options_of(broker)).put("for the handler");
  std::string wrong;
  std::tuple context(&handles, &wrong);
  const auto handle = [](void* given, baton_item*) -> std::int32_t {
    const auto& [of, to] = *static_cast<decltype(context)*>(given);
    *to = contradictions(*of, handler);
    return BATON_ACK;
  };
  CHECK(baton_consumer_run(handles.consumer, handle, &context, nullptr) == BATON_CLOSED);
  CHECK(wrong == "");
  free_all(handles);
}

TEST_CASE("library: what API.md says of calls by the callback of a log") {
  struct Told {
    Handles handles;
    bool called = false;
    std::string wrong;
  };
  for (const bool consumes : {false, true}) {
    Told told;
    const auto on_log = [](void* context, std::int32_t, std::int32_t, const char*) {
      auto& by = *static_cast<Told*>(context);
      if (std::exchange(by.called, true)) return;
      by.wrong = contradictions(by.handles, log_callback);
    };
    auto options = Options().broker("127.0.0.1:9").connect_timeout(forever);
    REQUIRE(baton_options_set_log(options.handle(), on_log, &told) == BATON_OK);
    told.handles = make_all(options);
    if (consumes) {
      baton_item* item = nullptr;
      CHECK(baton_get(told.handles.consumer, BATON_FOREVER, &item) == BATON_CLOSED);
    } else {
      CHECK(baton_put(told.handles.producer, "x", 1, nullptr, BATON_FOREVER, nullptr) ==
            BATON_CLOSED);
    }
    CHECK(told.called);
    CHECK(told.wrong == "");
    free_all(told.handles);
  }
}
