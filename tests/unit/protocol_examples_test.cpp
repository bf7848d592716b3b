// Walks every example of proto/PROTOCOL.md, and checks that its tables say what the code does.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>

#include "proto/greeting.hpp"
#include "proto/message.hpp"
#include "tests/unit/protocol_document.hpp"

namespace baton::internal::test {
namespace {

// No default: the compiler says which enumerator is missing here, the tests then say where the
// document lacks it.
std::string name_of(MessageType type) {
  switch (type) {
    case MessageType::put:
      return "put";
    case MessageType::hello:
      return "hello";
    case MessageType::control:
      return "control";
    case MessageType::heartbeat:
      return "heartbeat";
    case MessageType::welcome:
      return "welcome";
    case MessageType::confirm:
      return "confirm";
    case MessageType::refusal:
      return "refusal";
    case MessageType::outcome:
      return "outcome";
    case MessageType::console:
      return "console";
    case MessageType::probe:
      return "probe";
    case MessageType::alive:
      return "alive";
    case MessageType::deliveries:
      return "deliveries";
  }
  return "?";
}

std::string name_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::item:
      return "item";
    case EntryKind::digest:
      return "digest";
    case EntryKind::request:
      return "request";
    case EntryKind::cancel_requests:
      return "cancel_requests";
    case EntryKind::ack:
      return "ack";
    case EntryKind::fail:
      return "fail";
    case EntryKind::release:
      return "release";
    case EntryKind::print:
      return "print";
    case EntryKind::link_lost:
      return "link_lost";
    case EntryKind::join:
      return "join";
    case EntryKind::flush:
      return "flush";
    case EntryKind::close:
      return "close";
    case EntryKind::reclaim:
      return "reclaim";
    case EntryKind::reclaim_put:
      return "reclaim_put";
    case EntryKind::delivery:
      return "delivery";
    case EntryKind::empty:
      return "empty";
    case EntryKind::part:
      return "part";
    case EntryKind::died:
      return "died";
    case EntryKind::result:
      return "result";
    case EntryKind::lost:
      return "lost";
    case EntryKind::line:
      return "line";
    case EntryKind::dropped:
      return "dropped";
  }
  return "?";
}

std::string number(std::uint64_t value) { return std::to_string(value); }

/// A body or a block as the document shows it.
std::string shown(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c != '\n' && (c < ' ' || c > '~')) return number(bytes.size()) + " bytes";
    text += c == '\n' ? "\\n" : std::string(1, c);
  }
  return text;
}

/// A message taken apart into the fields that the document lists, and put together again from what
/// was decoded.
class Walk {
 public:
  explicit Walk(std::string_view frame) : frame_(frame), rest_(frame) {
    REQUIRE(read_header(frame, header_) == Refusal::none);
    field(8, "head",
          name_of(header_.type) + " " + number(static_cast<unsigned>(header_.type)) + ", count " +
              number(header_.count));
    field(8, "broker_instance", to_hex(header_.broker_instance.value));
    field(16, "session", to_hex(header_.session));
    field(8, "number", number(header_.number.value));
    again_.resize(header_size);
    write_header(again_.data(), header_);
    walk_payload(payload_of(frame));
  }

  const std::vector<Field>& fields() const { return fields_; }
  const std::string& again() const { return again_; }
  const Header& header() const { return header_; }
  const std::set<EntryKind>& kinds() const { return kinds_; }

 private:
  void field(std::size_t size, std::string name, std::string value) {
    fields_.push_back({std::string(rest_.substr(0, size)), std::move(name), std::move(value)});
    rest_.remove_prefix(size);
  }

  void walk_payload(std::string_view payload) {
    switch (header_.type) {
      case MessageType::heartbeat:
        return walk_heartbeat(payload);
      case MessageType::confirm:
        return walk_confirm(payload);
      case MessageType::hello: {
        std::string why;
        return walk_json<Hello>(
            payload, [&](auto& hello) { return parse(payload, hello, why) == Refusal::none; });
      }
      case MessageType::welcome:
        return walk_json<Welcome>(payload, [&](auto& welcome) { return parse(payload, welcome); });
      case MessageType::probe:
        again_ = encode_json(header_, {});
        return;
      case MessageType::alive:
        return walk_json<Alive>(payload, [&](auto& alive) { return parse(payload, alive); });
      case MessageType::refusal:
        return walk_json<RefusalNotice>(payload,
                                        [&](auto& notice) { return parse(payload, notice); });
      default:
        return walk_entries(payload);
    }
  }

  template <class Message, class Parse>
  void walk_json(std::string_view payload, Parse parse) {
    Message message;
    CHECK(parse(message));
    field(payload.size(), "json", "");
    again_ += to_json(message);
  }

  void walk_heartbeat(std::string_view payload) {
    Heartbeat heartbeat;
    REQUIRE(decode_heartbeat(payload, heartbeat) == Refusal::none);
    field(8, "put_sent", number(heartbeat.put_sent.value));
    field(8, "control_sent", number(heartbeat.control_sent.value));
    field(8, "feed_position", number(heartbeat.feed_position.value));
    field(8, "link_received", number(heartbeat.link_received.value));
    field(4, "link_generation", number(heartbeat.link_generation));
    field(4, "flags", number(heartbeat.rewind ? 1 : 0));
    again_ = encode_heartbeat(header_, heartbeat);
  }

  void walk_confirm(std::string_view payload) {
    Confirm confirm;
    REQUIRE(decode_confirm(payload, confirm) == Refusal::none);
    field(8, "control_received", number(confirm.control_received.value));
    field(8, "feed_last", number(confirm.feed_last.value));
    field(8, "feed_sent", number(confirm.feed_sent.value));
    field(8, "print_window", number(confirm.print_window));
    field(1, "print_held", number(static_cast<unsigned>(confirm.print_held)));
    field(1, "flags",
          number((confirm.rewind_control ? 1u : 0u) | (confirm.shutdown ? 2u : 0u) |
                 (confirm.ended ? 4u : 0u)));
    field(1, "part", number(static_cast<unsigned>(confirm.part)));
    field(1, "head", number(confirm_head_size));
    if (confirm.part == Confirm::Part::producer) walk_part(confirm.producer);
    if (confirm.part == Confirm::Part::consumer) walk_part(confirm.consumer);
    again_ = encode_confirm(header_, confirm);
  }

  void walk_part(const ProducerPart& part) {
    field(8, "put_received", number(part.put_received.value));
    field(8, "put_confirmed", number(part.put_confirmed.value));
    field(8, "put_credit", number(part.put_credit.value));
    field(8, "put_window", number(part.put_window));
    field(8, "accepted", number(part.accepted));
    field(8, "done", number(part.done));
    field(8, "dead", number(part.dead));
    field(4, "consumers", number(part.consumers));
    field(1, "put_held", number(static_cast<unsigned>(part.put_held)));
    field(1, "flags", number(part.rewind_put ? 1 : 0));
    field(2, "reserved", number(0));
  }

  void walk_part(const ConsumerPart& part) {
    field(8, "link_sent", number(part.link_sent.value));
    field(4, "link_generation", number(part.link_generation));
    field(2, "link_port", number(part.link_port));
    field(2, "reserved", number(0));
  }

  void walk_entries(std::string_view payload) {
    if (header_.type == MessageType::put && header_.count == 0) {  // a mark
      CHECK(payload.empty());
      return;
    }
    REQUIRE(check_entries(header_.type, payload, header_.count) == Refusal::none);
    EntryReader in(payload);
    for (Entry entry; in.next(entry);) {
      kinds_.insert(entry.kind);
      field(entry_head_size, "entry",
            name_of(entry.kind) + " " + number(static_cast<unsigned>(entry.kind)) + ", size " +
                number(entry.payload.size()) + ", a " + number(entry.a) + ", b " + number(entry.b));
      walk_entry(entry);
    }
  }

  void walk_entry(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::item:
        return walk_item(entry);
      case EntryKind::digest:
        return walk_digest(entry);
      case EntryKind::ack:
      case EntryKind::release:
      case EntryKind::lost:
        return walk_runs(entry);
      case EntryKind::reclaim:
      case EntryKind::reclaim_put:
        return walk_reclaims(entry);
      case EntryKind::fail:
        return walk_fail(entry);
      case EntryKind::link_lost:
        return walk_link_lost(entry);
      case EntryKind::delivery:
        return walk_given(entry);
      case EntryKind::died:
        return walk_died(entry);
      case EntryKind::request:
        field(8, "waiting", number(read_request(entry).waiting));
        field(8, "ahead", number(read_request(entry).ahead));
        field(8, "begun", number(read_request(entry).begun.value));
        field(4, "blocked", number(read_request(entry).blocked));
        return append_request(again_, read_request(entry));
      case EntryKind::cancel_requests:
        field(4, "count", number(read_cancel_requests(entry)));
        return append_cancel_requests(again_, read_cancel_requests(entry));
      case EntryKind::flush:
        field(8, "last_put", number(read_flush(entry).value));
        return append_flush(again_, read_flush(entry));
      case EntryKind::close:
        field(8, "last_put", number(read_close(entry).value));
        return append_close(again_, read_close(entry));
      case EntryKind::dropped:
        field(8, "blocks", number(read_dropped(entry)));
        return append_dropped(again_, read_dropped(entry));
      case EntryKind::part:
        field(entry.payload.size(), "body", shown(entry.payload));
        return append_block(again_, entry.kind, entry.payload);
      case EntryKind::print:
      case EntryKind::line:
        return walk_block(entry);
      default:
        if (!entry.payload.empty()) field(entry.payload.size(), "block", shown(entry.payload));
        return append_block(again_, entry.kind, entry.payload);
    }
  }

  void walk_item(const Entry& entry) {
    const auto item = read_item(entry);
    if (entry.b & has_delay) field(4, "delay", number(item.delay_ms));
    field(item.body.size(), "body", shown(item.body));
    append_item(again_, item);
  }

  void walk_digest(const Entry& entry) {
    const auto place = read_digest(entry);
    field(8, "items", number(place.at.items));
    field(16, "digest", to_hex(SessionId{place.at.digest}));
    append_digest(again_, place);
  }

  void walk_runs(const Entry& entry) {
    std::vector<ItemRun> runs;
    read_runs(entry, runs);
    for (const auto& run : runs) {
      field(8, "first", number(run.first.value));
      field(4, "run", number(run.count));
    }
    append_runs(again_, entry.kind, runs);
  }

  void walk_put(const PutName& put) {
    field(8, "producer", to_hex(put.producer));
    field(8, "put", number(put.number.value));
  }

  void walk_reclaims(const Entry& entry) {
    std::vector<Reclaim> reclaims;
    read_reclaims(entry, reclaims);
    for (const auto& reclaim : reclaims) {
      field(8, "first", number(reclaim.first.value));
      field(4, "run", number(reclaim.count));
      field(4, "deliveries", number(reclaim.deliveries));
      if (reclaim.put.producer != 0) walk_put(reclaim.put);
    }
    append_reclaims(again_, reclaims);
  }

  void walk_fail(const Entry& entry) {
    const auto failure = read_settlement(entry);
    field(8, "id", number(failure.id.value));
    field(4, "delay", number(failure.delay_ms));
    field(failure.reason.size(), "reason", shown(failure.reason));
    append_settlement(again_, failure);
  }

  void walk_link_lost(const Entry& entry) {
    const auto lost = read_link_lost(entry);
    field(4, "generation", number(lost.generation));
    field(8, "received", number(lost.received.value));
    field(4, "wanted", number(lost.wanted));
    append_link_lost(again_, lost);
  }

  void walk_given(const Entry& entry) {
    const auto delivery = read_delivery(entry, put_);
    const auto flags = load<std::uint16_t>(entry.payload.data() + delivery_flags);
    field(8, "id", number(delivery.id.value));
    field(2, "queue", number(delivery.queue));
    field(2, "flags", number(flags));
    field(4, "deliveries", number(delivery.deliveries));
    if (flags & unstored) walk_put(delivery.put);
    if (delivery.whole > 0) field(4, "whole", number(delivery.whole));
    field(delivery.body.size(), "body", shown(delivery.body));
    append_delivery(again_, delivery, std::exchange(put_, delivery.put));
  }

  void walk_block(const Entry& entry) {
    const bool line = entry.kind == EntryKind::line;
    const auto printed = line ? read_line(entry) : read_print(entry);
    if (line) field(8, "client", to_hex(printed.client));
    field(8, "said", number(printed.number));
    if (!printed.block.empty()) field(printed.block.size(), "block", shown(printed.block));
    line ? append_line(again_, printed) : append_print(again_, printed);
  }

  void walk_died(const Entry& entry) {
    DeadNotice notice;
    REQUIRE(parse(entry.payload, notice));
    field(entry.payload.size(), "json", "");
    append_block(again_, entry.kind, to_json(notice));
  }

  std::string_view frame_;
  std::string_view rest_;
  Header header_;
  std::vector<Field> fields_;
  std::string again_;
  PutName put_;  // of the entry before
  std::set<EntryKind> kinds_;
};

bool on_notification(MessageType type) {
  return type >= MessageType::welcome && type < MessageType::deliveries;
}

using Kinds = std::map<std::pair<std::string, unsigned>, std::string>;  // (message, kind) -> name

/// What the code lets into messages: each kind is tried with payloads of the sizes that some entry
/// has.
Kinds kinds_in_code() {
  Kinds kinds;
  for (unsigned type = 0; type < 256; ++type)
    for (unsigned kind = 0; kind < 256; ++kind)
      for (const std::size_t size : {0, 4, 8, 12, 16, 20, 24, 28, 32})
        for (const unsigned each : {0u, 1u, 2u, 3u}) {
          const auto b = static_cast<std::uint16_t>(each & 1);
          std::string payload;
          append_entry_head(payload, static_cast<EntryKind>(kind), 0, b, size);
          payload.append(size, '\1');
          if (each & 2 && size > delivery_flags)
            payload.replace(entry_head_size + delivery_flags, 2, 2, '\0');  // no flags
          const auto message = static_cast<MessageType>(type);
          auto with_item = payload;
          append_item(with_item, {});
          if (check_entries(message, payload, 1) != Refusal::malformed ||
              check_entries(message, with_item, 2) != Refusal::malformed)
            kinds[{name_of(message), kind}] = name_of(static_cast<EntryKind>(kind));
        }
  return kinds;
}

const std::string document = read_document();

}  // namespace

TEST_CASE("every example of PROTOCOL.md is what the code reads and writes") {
  std::set<MessageType> types;
  std::set<EntryKind> kinds;
  for (const auto& example : examples_in(document)) {
    CAPTURE(example.name);
    const auto frame = bytes_of(example.message);
    const Walk walk(frame);
    REQUIRE(walk.fields().size() == example.message.size());
    for (std::size_t i = 0; i < example.message.size(); ++i) {
      CAPTURE(example.message[i].name);
      CHECK(walk.fields()[i].name == example.message[i].name);
      CHECK(walk.fields()[i].value == example.message[i].value);
      CHECK(walk.fields()[i].bytes == example.message[i].bytes);
    }
    CHECK(walk.again() == frame);
    CHECK(example.topic.empty() == !on_notification(walk.header().type));
    if (!example.topic.empty()) CHECK(bytes_of(example.topic) == walk.header().session.view());
    types.insert(walk.header().type);
    kinds.insert(walk.kinds().begin(), walk.kinds().end());
  }
  CHECK(types.size() == table_in(document, "| type | message |").size());
  CHECK(kinds.size() + 1 ==
        table_in(document, "| kind | entry |").size());  // `result` is reserved: no example
}

TEST_CASE("PROTOCOL.md lists every message type of the code, and no other") {
  std::map<unsigned, std::string> in_document;
  for (const auto& row : table_in(document, "| type | message |"))
    in_document[std::stoul(row[0]) & 255] = row[1];
  std::map<unsigned, std::string> in_code;
  for (unsigned type = 0; type < 256; ++type) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {static_cast<MessageType>(type), 0, {}, {}, {}});
    Header header;
    if (read_header(frame, header) == Refusal::none) in_code[type] = name_of(header.type);
  }
  CHECK(in_document == in_code);
}

TEST_CASE("PROTOCOL.md lists every entry kind that the code lets into a message, and no other") {
  Kinds in_document;
  for (const auto& row : table_in(document, "| kind | entry |"))
    in_document[{row[2], static_cast<unsigned>(std::stoul(row[0]))}] = row[1];
  CHECK(in_document == kinds_in_code());
}

TEST_CASE("PROTOCOL.md lists every refusal, and whether it ends the session") {
  const auto rows = table_in(document, "| code | ends |");
  REQUIRE(rows.size() == refusal_count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(rows[i][0]);
    CHECK(rows[i][0] == name(static_cast<Refusal>(i)));
    CHECK((rows[i][1] == "yes") == ends_session(static_cast<Refusal>(i)));
  }
}

TEST_CASE("PROTOCOL.md states the limits and times of the code") {
  const auto ms = [](Duration time) {
    return number(static_cast<std::uint64_t>(
               std::chrono::duration_cast<std::chrono::milliseconds>(time).count())) +
           " ms";
  };
  const std::map<std::string, std::string> in_code{
      {"max_body", number(max_body)},
      {"max_print", number(max_print)},
      {"print_part_bytes", number(print_part_bytes)},
      {"max_reason", number(max_reason)},
      {"max_message", number(max_message)},
      {"max_hello", number(max_hello)},
      {"pack_bytes", number(pack_bytes)},
      {"max_entries", number(max_entries)},
      {"part_bytes", number(part_bytes)},
      {"small_part_bytes", number(small_part_bytes)},
      {"large_part_bytes", number(large_part_bytes)},
      {"max_queue_name", number(max_queue_name)},
      {"max_queues", number(max_queues)},
      {"max_client_name", number(max_client_name)},
      {"max_checkpoints", number(max_checkpoints)},
      {"topics_per_connection", number(topics_per_connection)},
      {"max_subscription", number(max_subscription)},
      {"max_requests", number(max_requests)},
      {"max_put_reclaims", number(max_put_reclaims)},
      {"max_priority", number(max_priority)},
      {"default_priority", number(default_priority)},
      {"put_window_items", number(put_window_items)},
      {"put_window_bytes", number(put_window_bytes)},
      {"print_window_bytes", number(print_window_bytes)},
      {"control_window_bytes", number(control_window_bytes)},
      {"small_pack_bytes", number(small_pack_bytes)},
      {"console_window_bytes", number(console_window_bytes)},
      {"link_window_bytes", number(link_window_bytes)},
      {"links_window_bytes", number(links_window_bytes)},
      {"hello_again", ms(hello_again)},
      {"heartbeat_interval", ms(heartbeat_interval)},
      {"session_timeout", ms(session_timeout)},
      {"reclaim_window", ms(reclaim_window)},
      {"reclaim_at_latest", ms(reclaim_at_latest)},
      {"heartbeat_in_silence", ms(heartbeat_in_silence)},
      {"tcp_connect_within", ms(tcp_connect_within)},
      {"reconnect_grace", ms(reconnect_grace)},
      {"resend_after", ms(resend_after)},
      {"longest_resend_delay", ms(longest_resend_delay)},
      {"longest_pause", ms(longest_pause)},
      {"ended_ttl", ms(ended_ttl)},
  };
  std::map<std::string, std::string> in_document;
  for (const auto& row : table_in(document, "| name | value |")) in_document[row[0]] = row[1];
  CHECK(in_document == in_code);
}

}  // namespace baton::internal::test
