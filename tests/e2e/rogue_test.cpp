// Clients that heed no credit, while others go about their work.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <thread>

#include "net/broker_address.hpp"
#include "tests/support/bystanders.hpp"
#include "tests/support/inspect.hpp"
#include "tests/support/stranger.hpp"

using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

constexpr int rogues = 20, messages = 64;
constexpr std::size_t a_megabyte = 1u << 20;

/// Each rogue sends message after message, 64 MB in all, and is cut off. Nobody else is disturbed.
template <class Send>
void check_cut_off(const Args& args, Role role, Send send) {
  Broker broker(args);
  Bystanders bystanders(broker);
  REQUIRE(bystanders.all_at_work());
  const auto before = broker.process().memory();
  for (int i = 0; i < rogues; ++i) {
    Stranger rogue(broker, role);
    for (std::uint64_t n = 1; n <= messages; ++n) send(rogue, SeqNo{n});
    CHECK(rogue.refused() == "over_credit");
  }
  const auto rounds = bystanders.rounds();
  CHECK(eventually(broker.process(), [&] { return bystanders.rounds() > rounds; }));
  const auto memory = broker.process().memory();
  MESSAGE("broker's memory, MB: before ", before >> 20, ", after ", memory >> 20);
  CHECK((memory < before + (64u << 20) || !memory_counts));
  bystanders.check_undisturbed();
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
  CHECK(broker.process().err().text().find("over_credit") != std::string::npos);
}

/// Two peers send their n-th bytes to an endpoint, n from 1 on, as fast as it goes in, for some
/// seconds.
void check_flood(EndpointPort endpoint,
                 const std::function<std::function<std::string(std::uint64_t)>(Broker&)>& make) {
  Broker broker;
  Bystanders bystanders(broker);
  REQUIRE(bystanders.all_at_work());
  const auto before = broker.process().memory();
  const auto end = Clock::now() + 3s;
  std::vector<std::thread> peers;
  std::atomic<std::size_t> sent = 0;
  for (int i = 0; i < 2; ++i)
    peers.emplace_back([&broker, &sent, endpoint, end, message = make(broker)] {
      const auto port =
          static_cast<std::uint16_t>(port_of(broker) + static_cast<std::uint16_t>(endpoint));
      std::optional<RawPeer> peer;
      for (std::uint64_t n = 1; Clock::now() < end; ++n) {
        if (!peer || peer->is_closed({}))
          peer.emplace(port).shake_hands(endpoint == EndpointPort::notifications ? "SUB" : "PUSH");
        const auto bytes = message(n);
        peer->send(bytes, end - Clock::now());
        sent += bytes.size();
      }
    });
  const auto rounds = bystanders.rounds();
  std::size_t most = before;
  while (Clock::now() < end) {
    most = std::max(most, broker.process().memory());
    std::this_thread::sleep_for(10ms);
  }
  for (auto& peer : peers) peer.join();
  CHECK(bystanders.rounds() > rounds);
  MESSAGE("sent, MB: ", sent >> 20, "; broker's memory, MB: before ", before >> 20, ", at most ",
          most >> 20);
  CHECK((most < before + (96u << 20) || !memory_counts));
  bystanders.check_undisturbed(times_count ? Clock::duration(200ms) : session_timeout);
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
}

}  // namespace

// What libzmq has taken in and the broker has not read is memory, too: they have the machine to
// themselves.
TEST_SUITE("timed") {
  TEST_CASE("rogue: a flood of hellos takes no memory") {
    check_flood(EndpointPort::control, [](Broker&) {
      Hello hello;
      hello.role = Role::consumer;
      for (std::size_t i = 0; i < max_queues; ++i)
        hello.queues.push_back(std::to_string(100 + i) + std::string(190, 'q'));
      hello.host = std::string(48'000, 'h');
      return [json = to_json(hello)](std::uint64_t) {
        return zmtp::frame(encode_json({MessageType::hello, 0, {}, random_session(), {}}, json));
      };
    });
  }

  TEST_CASE("rogue: a flood of acks takes no memory") {
    check_flood(EndpointPort::control, [](Broker& broker) {
      auto stranger = std::make_shared<Stranger>(broker, Role::consumer);
      std::vector<ItemRun> runs;
      for (std::uint64_t i = 1; i <= max_entries; ++i) runs.push_back({ItemId{i * 1000}, 1});
      std::string acks;
      append_runs(acks, EntryKind::ack, runs);
      return [stranger, acks](std::uint64_t n) {
        return zmtp::frame(stranger->message(MessageType::control, 1, SeqNo{n}, acks));
      };
    });
  }

  TEST_CASE("rogue: a flood of requests that are cancelled takes no memory") {
    check_flood(EndpointPort::control, [](Broker& broker) {
      auto stranger = std::make_shared<Stranger>(broker, Role::consumer);
      std::string requests;
      for (std::size_t i = 0; i < max_entries / 2; ++i) {
        append_request(requests, {1, 0});
        append_cancel_requests(requests, 1);
      }
      return [stranger, requests](std::uint64_t n) {
        return zmtp::frame(stranger->message(MessageType::control, max_entries,
                                             SeqNo{(n - 1) * max_entries + 1}, requests));
      };
    });
  }

  TEST_CASE("rogue: a flood of probes takes no memory") {
    check_flood(EndpointPort::control, [](Broker&) {
      std::string many;
      for (int i = 0; i < 1000; ++i)
        many += zmtp::frame(encode_json({MessageType::probe, 0, {}, random_session(), {}}, {}));
      return [many](std::uint64_t) { return many; };
    });
  }

  TEST_CASE("rogue: a flood of one byte each takes no memory") {
    check_flood(EndpointPort::control, [](Broker&) {
      std::string many;
      for (int i = 0; i < 10'000; ++i) many += zmtp::frame("x");
      return [many](std::uint64_t) { return many; };
    });
  }

  TEST_CASE("rogue: a flood of subscriptions to one topic takes no memory") {
    check_flood(EndpointPort::notifications, [](Broker&) {
      const auto topic = random_session();
      std::string many;
      for (int i = 0; i < 1000; ++i)
        many += zmtp::subscribe(topic.view()) + zmtp::unsubscribe(topic.view());
      return [many](std::uint64_t) { return many; };
    });
  }

  TEST_CASE("rogue: a flood of puts that came before takes no memory") {
    check_flood(EndpointPort::put, [](Broker& broker) {
      auto stranger = std::make_shared<Stranger>(broker, Role::producer);
      std::string items;
      for (std::uint64_t i = 0; i < max_entries; ++i)
        append_item(items, {default_priority, 0, "0123456789"});
      return
          [message = zmtp::frame(stranger->message(MessageType::put, max_entries, SeqNo{1}, items)),
           stranger](std::uint64_t) { return message; };
    });
  }
}

TEST_CASE("rogue: who puts past the window is cut off, and takes no memory") {
  std::string item;
  append_item(item, {default_priority, 0, std::string(a_megabyte, 'x')});
  check_cut_off({"--max-bytes", "1M"}, Role::producer, [&](Stranger& rogue, SeqNo number) {
    rogue.put(rogue.message(MessageType::put, 1, number, item));
  });
}

TEST_CASE("rogue: who says past the window is cut off, and takes no memory") {
  std::string block;
  append_print(block, {0, 1, std::string(a_megabyte - 1, 'x') + "\n"});
  check_cut_off({"--console-keep", "1M"}, Role::consumer, [&](Stranger& rogue, SeqNo number) {
    rogue.control(rogue.message(MessageType::control, 1, number, block));
  });
}
