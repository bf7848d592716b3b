#include "tests/simulation/describe.hpp"

#include "proto/message.hpp"

namespace baton::internal::simulation {
namespace {

std::string n(std::uint64_t value) { return std::to_string(value); }

std::string name(MessageType type) {
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
      return "handoff";
  }
  return "?";
}

std::string runs(const Entry& entry) {
  std::vector<ItemRun> runs;
  read_runs(entry, runs);
  std::string text;
  for (const auto& run : runs) text += " " + n(run.first.value) + "x" + n(run.count);
  return text;
}

std::string reclaims(const Entry& entry) {
  std::vector<Reclaim> reclaims;
  read_reclaims(entry, reclaims);
  std::string text;
  for (const auto& reclaim : reclaims)
    text += " " + n(reclaim.first.value) + "x" + n(reclaim.count) + "/" + n(reclaim.deliveries) +
            (reclaim.put.producer != 0 ? " put " + n(reclaim.put.number.value) : "");
  return text;
}

std::string request(const Request& request) {
  return "request " + n(request.waiting) + "+" + n(request.ahead) + ", begun " +
         n(request.begun.value) + ", blocked " + n(request.blocked);
}

std::string describe(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::request:
      return request(read_request(entry));
    case EntryKind::cancel_requests:
      return "cancel_requests " + n(read_cancel_requests(entry));
    case EntryKind::ack:
      return "ack" + runs(entry);
    case EntryKind::release:
      return "release" + runs(entry);
    case EntryKind::fail:
      return "fail " + n(read_settlement(entry).id.value);
    case EntryKind::link_lost: {
      const auto lost = read_link_lost(entry);
      return "link_lost " + n(lost.generation) + " received " + n(lost.received.value) +
             " wanted " + n(lost.wanted);
    }
    case EntryKind::flush:
      return "flush " + n(read_flush(entry).value);
    case EntryKind::close:
      return "close " + n(read_close(entry).value);
    case EntryKind::part:
      return "part of " + n(entry.payload.size());
    case EntryKind::lost:
      return "lost" + runs(entry);
    case EntryKind::reclaim:
    case EntryKind::reclaim_put:
      return "reclaim" + reclaims(entry);
    case EntryKind::delivery:
      return "delivery " + n(read_delivery(entry).id.value) + "/" +
             n(read_delivery(entry).deliveries) + (is_partial(entry) ? ", in parts" : "");
    default:
      return "entry " + n(static_cast<unsigned>(entry.kind));
  }
}

std::string describe(const ProducerPart& p) {
  return " put " + n(p.put_received.value) + "/" + n(p.put_confirmed.value) + "/" +
         n(p.put_credit.value) + (p.rewind_put ? " rewind" : "") + " window " + n(p.put_window) +
         " settled " + n(p.done) + "+" + n(p.dead) + " of " + n(p.accepted);
}

std::string describe(const ConsumerPart& c) {
  return " link " + n(c.link_generation) + ":" + n(c.link_port) + ":" + n(c.link_sent.value);
}

std::string describe(const Confirm& c) {
  return " control " + n(c.control_received.value) + (c.rewind_control ? " rewind" : "") +
         " print " + n(c.print_window) + " feed " + n(c.feed_last.value) +
         (c.part == Confirm::Part::producer ? describe(c.producer) : "") +
         (c.part == Confirm::Part::consumer ? describe(c.consumer) : "") +
         (c.shutdown ? " shutdown" : "") + (c.ended ? " ended" : "");
}

std::string describe(const Heartbeat& b) {
  return " put " + n(b.put_sent.value) + " control " + n(b.control_sent.value) + " heard " +
         n(b.feed_position.value) + " link " + n(b.link_generation) + ":" +
         n(b.link_received.value) + (b.rewind ? " rewind" : "");
}

}  // namespace

std::string describe(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return "?";
  const auto payload = payload_of(frame);
  auto text = name(header.type) + " [" + to_hex(header.session).substr(0, 8) + "]";
  Confirm confirm;
  Heartbeat heartbeat;
  if (header.type == MessageType::confirm && decode_confirm(payload, confirm) == Refusal::none)
    return text + describe(confirm);
  if (header.type == MessageType::heartbeat &&
      decode_heartbeat(payload, heartbeat) == Refusal::none)
    return text + describe(heartbeat);
  if (header.count == 0) return text + " " + std::string(payload);
  text += " " + n(header.number.value) + ":";
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) text += " " + describe(entry) + ",";
  return text;
}

}  // namespace baton::internal::simulation
