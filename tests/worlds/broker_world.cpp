#include "tests/worlds/broker_world.hpp"

#include <utility>

namespace baton::internal::broker::test {
namespace {

/// Calls see(entry) for the entries of the session's notifications of one type, and takes those
/// messages away.
template <class See>
void take_notifications(BrokerWorld& world, const SessionId& id, MessageType type, See see) {
  std::erase_if(world.notifications_of[id], [&](const std::string& bytes) {
    Header header;
    REQUIRE(read_header(bytes, header) == Refusal::none);
    if (header.type != type) return false;
    see(header, payload_of(bytes));
    return true;
  });
}

template <class See>
void each_entry(std::string_view payload, See see) {
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) see(entry);
  CHECK(in.at_end());
}

}  // namespace

void Client::put(const std::string& body, std::uint8_t priority, std::uint32_t delay_ms) {
  std::string entries;
  append_item(entries, {priority, delay_ms, body});
  REQUIRE(world.dispatcher.put(world.session(*this), next_put, 1, entries, world.now) ==
          Refusal::none);
  next_put += 1;
  world.settle();
}

void Client::put(const std::string& body, const InputPlace& place) {
  std::string entries;
  append_digest(entries, place);
  append_item(entries, {default_priority, 0, body});
  REQUIRE(check_entries(MessageType::put, entries, 2) == Refusal::none);
  REQUIRE(world.dispatcher.put(world.session(*this), next_put, 2, entries, world.now) ==
          Refusal::none);
  next_put += 1;
  world.settle();
}

void Client::entry(const std::string& bytes) {
  REQUIRE(check_entries(MessageType::control, bytes, 1) == Refusal::none);
  REQUIRE(world.dispatcher.control(world.session(*this), next_control, 1, bytes, world.now) ==
          Refusal::none);
  next_control += 1;
  world.settle();
}

void Client::request(std::uint64_t more) {
  std::string bytes;
  const auto* session = world.core.find(id);
  append_request(bytes, {requested += more, 0, session ? session->consumer.link_sent() : SeqNo{},
                         static_cast<std::uint32_t>(more)});
  entry(bytes);
}

void Client::prefetch(std::uint64_t more, SeqNo begun, std::uint32_t waiting) {
  std::string bytes;
  append_request(bytes, {requested += more, 0, begun, waiting});
  entry(bytes);
}

void Client::cancel_requests(std::uint32_t count) {
  std::string bytes;
  append_cancel_requests(bytes, count);
  entry(bytes);
}

void Client::ack(const std::string& body) {
  std::string bytes;
  append_runs(bytes, EntryKind::ack, {{got.at(body), 1}});
  entry(bytes);
}

void Client::release(const std::string& body) {
  std::string bytes;
  append_runs(bytes, EntryKind::release, {{got.at(body), 1}});
  entry(bytes);
}

void Client::fail(const std::string& body, const std::string& why, std::uint32_t delay_ms) {
  std::string bytes;
  append_settlement(bytes, {Settlement::Kind::failed, got.at(body), why, delay_ms});
  entry(bytes);
}

void Client::print(const std::string& text) {
  std::string bytes;
  append_print(bytes, {0, ++printed, text});
  entry(bytes);
}

void Client::print_part(const std::string& text, bool goes_on) {
  std::string bytes;
  append_print(bytes, {0, printed + 1, text, goes_on});
  printed += goes_on ? 0 : 1;
  entry(bytes);
}

void Client::close(SeqNo last_put) {
  std::string bytes;
  append_close(bytes, last_put);
  entry(bytes);
}

void Client::join() {
  std::string bytes;
  append_block(bytes, EntryKind::join, {});
  entry(bytes);
}

void Client::link_lost(std::uint32_t generation, SeqNo received_up_to, std::uint32_t wanted) {
  std::string bytes;
  append_link_lost(bytes, {generation, received_up_to, wanted});
  requested = wanted;
  entry(bytes);
}

void Client::reclaim(const std::vector<Reclaim>& reclaims) {
  std::string bytes;
  append_reclaims(bytes, reclaims);
  entry(bytes);
}

void Client::heartbeat(SeqNo heard) {
  Heartbeat heartbeat;
  heartbeat.feed_position = heard;
  world.core.heartbeat(world.session(*this), heartbeat, world.now);
  world.settle();
}

void Client::vanish() {
  world.core.unsubscribed(id, world.now);
  world.settle();
}

std::vector<std::string> Client::received() {
  std::vector<std::string> bodies;
  for (const auto& message : std::exchange(world.link_messages[id], {}))
    each_entry(std::string_view(message.bytes).substr(header_size), [&](const Entry& entry) {
      if (entry.kind == EntryKind::empty) {
        bodies.emplace_back("none");
        return;
      }
      const auto delivery = read_delivery(entry);
      bodies.emplace_back(delivery.body);
      got[bodies.back()] = delivery.id;
    });
  return bodies;
}

std::vector<int> Client::attempts() {
  std::vector<int> numbers;
  for (const auto& message : world.link_messages[id])
    each_entry(std::string_view(message.bytes).substr(header_size),
               [&](const Entry& entry) { numbers.push_back(read_delivery(entry).attempt); });
  received();
  return numbers;
}

std::vector<int> Client::deliveries() {
  std::vector<int> counts;
  for (const auto& message : world.link_messages[id])
    each_entry(std::string_view(message.bytes).substr(header_size), [&](const Entry& entry) {
      counts.push_back(static_cast<int>(read_delivery(entry).deliveries));
    });
  received();
  return counts;
}

std::vector<std::string> Client::tries() {
  const auto messages = world.link_messages[id];
  auto bodies = received();
  world.link_messages[id] = messages;
  const auto numbers = attempts();
  for (std::size_t i = 0; i < bodies.size(); ++i) bodies[i] += " " + std::to_string(numbers[i]);
  return bodies;
}

Confirm Client::confirm() {
  Confirm last;
  int count = 0;
  take_notifications(world, id, MessageType::confirm, [&](const Header&, std::string_view payload) {
    CHECK(decode_confirm(payload, last) == Refusal::none);
    ++count;
  });
  REQUIRE(count > 0);
  return last;
}

std::vector<DeadNotice> Client::died() {
  std::vector<DeadNotice> notices;
  take_notifications(world, id, MessageType::outcome, [&](const Header&, std::string_view payload) {
    each_entry(payload, [&](const Entry& entry) {
      notices.emplace_back();
      CHECK(parse(entry.payload, notices.back()));
    });
  });
  return notices;
}

std::vector<ItemId> Client::lost() {
  std::vector<ItemId> ids;
  std::vector<ItemRun> runs;
  take_notifications(world, id, MessageType::outcome, [&](const Header&, std::string_view payload) {
    each_entry(payload, [&](const Entry& entry) {
      CHECK(entry.kind == EntryKind::lost);
      read_runs(entry, runs);
      for (const auto& run : runs)
        for (std::uint32_t i = 0; i < run.count; ++i) ids.push_back(run.first + i);
    });
  });
  return ids;
}

std::vector<std::string> Client::refusals() {
  std::vector<std::string> codes;
  take_notifications(world, id, MessageType::refusal, [&](const Header&, std::string_view payload) {
    RefusalNotice notice;
    CHECK(parse(payload, notice));
    codes.emplace_back(name(notice.refusal));
  });
  return codes;
}

std::vector<std::string> Client::lines() {
  std::vector<std::string> blocks;
  bool goes_on = false;
  take_notifications(world, id, MessageType::console, [&](const Header&, std::string_view payload) {
    each_entry(payload, [&](const Entry& entry) {
      if (entry.kind == EntryKind::dropped)
        return blocks.push_back("dropped " + std::to_string(read_dropped(entry)));
      const auto line = read_line(entry);
      if (!std::exchange(goes_on, line.goes_on)) blocks.emplace_back();
      blocks.back() += line.block;
    });
  });
  return blocks;
}

}  // namespace baton::internal::broker::test
