#include "proto/message.hpp"

#include <algorithm>

namespace baton::internal {
namespace {

constexpr std::string_view magic = "BTN";
constexpr std::size_t run_size = 12;
constexpr std::size_t reclaim_size = 16;
constexpr std::size_t reclaim_put_size = 32;
constexpr std::uint32_t most_deliveries = 1u << 31;  // of a reclaim: it can go out some times more
constexpr std::size_t delivery_size = 16;
constexpr std::size_t unstored_size = 16;  // of a given
constexpr std::size_t whole_size = 4;      // of a partial one
constexpr std::size_t request_size = 20;
constexpr std::size_t fail_size = 12;
constexpr std::size_t link_lost_size = 16;

enum HeartbeatFlag : std::uint8_t { heartbeat_rewind = 1 };
enum ConfirmFlag : std::uint8_t {
  confirm_rewind_put = 1,
  confirm_rewind_control = 2,
  confirm_shutdown = 4,
  confirm_ended = 8
};

bool known(std::uint8_t type) {
  return (type >= 1 && type <= 5) || (type >= 16 && type <= 21) || type == 32;
}

Refusal check_item(const Entry& entry) {
  if (entry.a > max_priority || entry.b > has_delay) return Refusal::malformed;
  const std::size_t fixed = entry.b & has_delay ? 4 : 0;
  if (entry.payload.size() < fixed) return Refusal::malformed;
  return entry.payload.size() - fixed > max_body ? Refusal::too_large : Refusal::none;
}

Refusal check_runs(const Entry& entry) {
  if (entry.payload.empty() || entry.payload.size() % run_size != 0 || entry.b != 0)
    return Refusal::malformed;
  Reader in(entry.payload);
  std::uint64_t total = 0;
  while (!in.empty()) {
    const auto first = in.take<std::uint64_t>();
    const auto count = in.take<std::uint32_t>();
    if (first == 0 || count == 0 || first + count < first) return Refusal::malformed;
    total += count;
  }
  return total > max_requests ? Refusal::too_large
                              : Refusal::none;  // no more than a session can hold
}

/// Reclaims are runs as well, each with a count of deliveries.
Refusal check_reclaims(const Entry& entry) {
  const bool puts = entry.kind == EntryKind::reclaim_put;
  if (entry.payload.empty() ||
      entry.payload.size() % (puts ? reclaim_put_size : reclaim_size) != 0 || entry.b != 0)
    return Refusal::malformed;
  Reader in(entry.payload);
  std::uint64_t total = 0;
  while (!in.empty()) {
    const auto first = in.take<std::uint64_t>();
    const auto count = in.take<std::uint32_t>();
    const auto deliveries = in.take<std::uint32_t>();
    if (first == 0 || count == 0 || first + count < first) return Refusal::malformed;
    if (deliveries == 0 || deliveries > most_deliveries) return Refusal::malformed;
    total += count;
    if (!puts) continue;
    const auto producer = in.take<std::uint64_t>(), number = in.take<std::uint64_t>();
    if (producer == 0 || number == 0 || number + count < number) return Refusal::malformed;
  }
  return total > max_requests ? Refusal::too_large : Refusal::none;
}

Refusal exactly(const Entry& entry, std::size_t size) {
  return entry.payload.size() == size ? Refusal::none : Refusal::malformed;
}

/// A block of lines or a part of one, after so many bytes about it.
Refusal check_block(const Entry& entry, std::size_t fixed) {
  if (entry.payload.size() < fixed || entry.b > block_goes_on) return Refusal::malformed;
  return entry.payload.size() > fixed + max_print ? Refusal::too_large : Refusal::none;
}

Refusal check_control(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::request:
      return exactly(entry, request_size);
    case EntryKind::cancel_requests:
      return exactly(entry, 4);
    case EntryKind::ack:
    case EntryKind::release:
      return check_runs(entry);
    case EntryKind::reclaim:
    case EntryKind::reclaim_put:
      return check_reclaims(entry);
    case EntryKind::fail:
      if (entry.payload.size() < fail_size) return Refusal::malformed;
      return entry.payload.size() > fail_size + max_reason ? Refusal::too_large : Refusal::none;
    case EntryKind::print:
      return check_block(entry, print_size);
    case EntryKind::link_lost:
      return exactly(entry, link_lost_size);
    case EntryKind::join:
      return exactly(entry, 0);
    case EntryKind::close:
      return exactly(entry, 8);
    default:
      return Refusal::malformed;
  }
}

Refusal check_part(const Entry& entry) {
  if (entry.payload.empty()) return Refusal::malformed;
  return entry.payload.size() > max_body ? Refusal::too_large : Refusal::none;
}

std::uint16_t flags_of(const Entry& delivery) {
  return load<std::uint16_t>(delivery.payload.data() + delivery_flags);
}

/// Of two entries that were found valid each by itself.
bool lacks_put_before(const Entry& entry, const Entry& before) {
  if (entry.kind != EntryKind::delivery || !(flags_of(entry) & next_put)) return false;
  return before.kind != EntryKind::delivery || (flags_of(before) & partial) ||
         flags_of(before) == 0;
}

Refusal check_delivery_body(const Entry& entry) {
  const auto flags = flags_of(entry);
  if (flags & ~(partial | unstored | next_put)) return Refusal::malformed;
  if ((flags & next_put) && flags != next_put) return Refusal::malformed;
  auto rest = entry.payload.substr(delivery_size);
  if (flags & unstored) {
    if (rest.size() < unstored_size || load<std::uint64_t>(rest.data()) == 0 ||
        load<std::uint64_t>(rest.data() + 8) == 0)
      return Refusal::malformed;
    rest.remove_prefix(unstored_size);
  }
  if (!(flags & partial)) return rest.size() > max_body ? Refusal::too_large : Refusal::none;
  if (rest.size() < whole_size) return Refusal::malformed;
  const auto whole = load<std::uint32_t>(rest.data());
  if (whole > max_body) return Refusal::too_large;
  return whole > rest.size() - whole_size ? Refusal::none : Refusal::malformed;
}

Refusal check_delivery(const Entry& entry) {
  if (entry.kind == EntryKind::empty) return exactly(entry, 0);
  if (entry.kind == EntryKind::part) return check_part(entry);
  if (entry.kind != EntryKind::delivery || entry.payload.size() < delivery_size)
    return Refusal::malformed;
  if (entry.a > max_priority || entry.b == 0) return Refusal::malformed;
  if (const auto id = load<std::uint64_t>(entry.payload.data()); id == 0 || id == UINT64_MAX)
    return Refusal::malformed;
  return check_delivery_body(entry);
}

Refusal check_outcome(const Entry& entry) {
  if (entry.kind == EntryKind::lost) return check_runs(entry);
  return entry.kind == EntryKind::died || entry.kind == EntryKind::result ? Refusal::none
                                                                          : Refusal::malformed;
}

Refusal check_line(const Entry& entry) {
  if (entry.kind == EntryKind::dropped) return exactly(entry, 8);
  return entry.kind == EntryKind::line ? check_block(entry, line_size) : Refusal::malformed;
}

Refusal check_put(const Entry& entry) {
  if (entry.kind == EntryKind::digest)
    return entry.a > 1 ? Refusal::malformed : exactly(entry, checkpoint_size);
  return entry.kind == EntryKind::item ? check_item(entry) : Refusal::malformed;
}

Refusal check_entry(MessageType type, const Entry& entry) {
  switch (type) {
    case MessageType::put:
      return check_put(entry);
    case MessageType::control:
      return check_control(entry);
    case MessageType::deliveries:
      return check_delivery(entry);
    case MessageType::outcome:
      return check_outcome(entry);
    case MessageType::console:
      return check_line(entry);
    default:
      return Refusal::malformed;
  }
}

std::string message_of(const Header& header, std::size_t payload) {
  std::string out;
  out.reserve(header_size + payload);
  out.resize(header_size);
  write_header(out.data(), header);
  return out;
}

}  // namespace

void write_header(char* at, const Header& header) {
  std::copy(magic.begin(), magic.end(), at);
  at[3] = static_cast<char>(protocol_version);
  at[4] = static_cast<char>(header.type);
  at[5] = 0;
  store(at + 6, header.count);
  store(at + 8, header.broker_instance.value);
  std::copy(header.session.bytes.begin(), header.session.bytes.end(), at + 16);
  store(at + 32, header.number.value);
}

Refusal read_header(std::string_view frame, Header& header) {
  if (frame.size() < header_size) return Refusal::short_frame;
  if (!frame.starts_with(magic)) return Refusal::magic;
  const char* at = frame.data();
  header.count = load<std::uint16_t>(at + 6);
  header.broker_instance.value = load<std::uint64_t>(at + 8);
  std::copy(at + 16, at + 32, header.session.bytes.begin());
  header.number.value = load<std::uint64_t>(at + 32);
  if (at[3] != protocol_version) return Refusal::version;
  const auto type = static_cast<std::uint8_t>(at[4]);
  if (!known(type)) return Refusal::unknown_type;
  header.type = static_cast<MessageType>(type);
  return Refusal::none;
}

Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count) {
  if (count == 0 || count > max_entries) return Refusal::malformed;
  EntryReader in(payload);
  Entry entry, before;
  for (std::uint16_t i = 0; i < count; ++i, before = entry) {
    if (!in.next(entry)) return Refusal::malformed;
    if (entry.kind == EntryKind::digest && (i > 0 || count == 1))
      return Refusal::malformed;  // it is of items
    if (const auto refusal = check_entry(type, entry); refusal != Refusal::none) return refusal;
    if (lacks_put_before(entry, before)) return Refusal::malformed;
  }
  return in.at_end() ? Refusal::none : Refusal::malformed;
}

void append_item(std::string& out, const PutItem& item) {
  const bool delayed = item.delay_ms != 0;
  append_entry_head(out, EntryKind::item, item.priority, delayed ? has_delay : std::uint16_t{0},
                    item.body.size() + (delayed ? 4 : 0));
  if (delayed) append(out, item.delay_ms);
  out += item.body;
}

PutItem read_item(const Entry& entry) {
  if (!(entry.b & has_delay)) return {entry.a, 0, entry.payload};
  return {entry.a, load<std::uint32_t>(entry.payload.data()), entry.payload.substr(4)};
}

void append_digest(std::string& out, const InputPlace& place) {
  append_entry_head(out, EntryKind::digest, place.anew ? 1 : 0, 0, checkpoint_size);
  append(out, place.at.items);
  out.append(place.at.digest.begin(), place.at.digest.end());
}

InputPlace read_digest(const Entry& entry) {
  InputPlace place{{load<std::uint64_t>(entry.payload.data()), {}}, entry.a == 1};
  std::copy(entry.payload.begin() + 8, entry.payload.begin() + checkpoint_size,
            place.at.digest.begin());
  return place;
}

void read_put(std::string_view payload, PutItems& put) {
  put.items.clear();
  put.bytes = 0;
  put.place.reset();
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) {
    if (entry.kind == EntryKind::digest) {
      put.place = read_digest(entry);
      continue;
    }
    put.items.push_back(read_item(entry));
    put.bytes += put.items.back().body.size();
  }
}

void rewrite_digest(std::string& message, const InputPlace& place) {
  char* entry = message.data() + header_size;
  if (place.anew) entry[5] = 1;
  store(entry + entry_head_size, place.at.items);
  std::copy(place.at.digest.begin(), place.at.digest.end(), entry + entry_head_size + 8);
}

namespace {

void append_delivery_fixed(std::string& out, const Delivery& delivery, std::uint16_t flags,
                           std::size_t rest, const PutName& before) {
  const bool follows = flags == 0 && before.producer != 0 && delivery.put == before.next();
  const bool named = delivery.put.producer != 0 && !follows;
  append_entry_head(out, EntryKind::delivery, delivery.priority, delivery.attempt,
                    delivery_size + (named ? unstored_size : 0) + rest);
  char fixed[delivery_size];
  store(fixed, delivery.id.value);
  store(fixed + 8, delivery.queue);
  store(fixed + delivery_flags,
        static_cast<std::uint16_t>(flags | (named ? unstored : 0) | (follows ? next_put : 0)));
  store(fixed + delivery_flags + 2, delivery.deliveries);
  out.append(fixed, sizeof fixed);
  if (!named) return;
  append(out, delivery.put.producer);
  append(out, delivery.put.number.value);
}

}  // namespace

void append_delivery(std::string& out, const Delivery& delivery, const PutName& before) {
  if (delivery.whole == 0) {
    append_delivery_fixed(out, delivery, 0, delivery.body.size(), before);
  } else {
    append_delivery_fixed(out, delivery, partial, whole_size + delivery.body.size(), before);
    append(out, delivery.whole);
  }
  out += delivery.body;
}

Delivery read_delivery(const Entry& entry, const PutName& before) {
  const char* at = entry.payload.data();
  Delivery delivery{{load<std::uint64_t>(at)},
                    load<std::uint16_t>(at + 8),
                    entry.b,
                    entry.a,
                    entry.payload.substr(delivery_size)};
  delivery.deliveries = load<std::uint32_t>(at + delivery_flags + 2);
  const auto flags = flags_of(entry);
  if (flags & next_put) delivery.put = before.next();
  if (flags & unstored) {
    delivery.put = {load<std::uint64_t>(delivery.body.data()),
                    {load<std::uint64_t>(delivery.body.data() + 8)}};
    delivery.body.remove_prefix(unstored_size);
  }
  if (!(flags & partial)) return delivery;
  delivery.whole = load<std::uint32_t>(delivery.body.data());
  delivery.body.remove_prefix(whole_size);
  return delivery;
}

void append_request(std::string& out, const Request& request) {
  append_entry_head(out, EntryKind::request, 0, 0, request_size);
  append(out, request.requested);
  append(out, request.begun.value);
  append(out, request.waiting);
}

void append_cancel_requests(std::string& out, std::uint32_t count) {
  append_entry_head(out, EntryKind::cancel_requests, 0, 0, 4);
  append(out, count);
}

void append_runs(std::string& out, EntryKind kind, const std::vector<ItemRun>& runs) {
  append_entry_head(out, kind, 0, 0, runs.size() * run_size);
  for (const auto& run : runs) {
    append(out, run.first.value);
    append(out, run.count);
  }
}

void append_reclaims(std::string& out, const std::vector<Reclaim>& reclaims) {
  const bool puts = reclaims.front().put.producer != 0;
  append_entry_head(out, puts ? EntryKind::reclaim_put : EntryKind::reclaim, 0, 0,
                    reclaims.size() * (puts ? reclaim_put_size : reclaim_size));
  for (const auto& reclaim : reclaims) {
    append(out, reclaim.first.value);
    append(out, reclaim.count);
    append(out, reclaim.deliveries);
    if (!puts) continue;
    append(out, reclaim.put.producer);
    append(out, reclaim.put.number.value);
  }
}

void append_fail(std::string& out, const Failure& failure) {
  const auto reason = failure.reason.substr(0, max_reason);
  append_entry_head(out, EntryKind::fail, 0, 0, fail_size + reason.size());
  append(out, failure.id.value);
  append(out, failure.delay_ms);
  out += reason;
}

void append_link_lost(std::string& out, const LinkLost& lost) {
  append_entry_head(out, EntryKind::link_lost, 0, 0, link_lost_size);
  append(out, lost.generation);
  append(out, lost.received.value);
  append(out, lost.wanted);
}

void append_close(std::string& out, SeqNo last_put) {
  append_entry_head(out, EntryKind::close, 0, 0, 8);
  append(out, last_put.value);
}

void append_dropped(std::string& out, std::uint64_t blocks) {
  append_entry_head(out, EntryKind::dropped, 0, 0, 8);
  append(out, blocks);
}

void append_block(std::string& out, EntryKind kind, std::string_view block) {
  append_entry_head(out, kind, 0, 0, block.size());
  out += block;
}

void append_print(std::string& out, const PrintBlock& printed) {
  append_entry_head(out, EntryKind::print, 0, printed.goes_on ? block_goes_on : std::uint16_t{0},
                    print_size + printed.block.size());
  append(out, printed.number);
  out += printed.block;
}

void append_line(std::string& out, const PrintBlock& printed) {
  append_entry_head(out, EntryKind::line, 0, printed.goes_on ? block_goes_on : std::uint16_t{0},
                    line_size + printed.block.size());
  append(out, printed.client);
  append(out, printed.number);
  out += printed.block;
}

PrintBlock read_print(const Entry& entry) {
  return {0, load<std::uint64_t>(entry.payload.data()), entry.payload.substr(print_size),
          entry.b == block_goes_on};
}

PrintBlock read_line(const Entry& entry) {
  return {load<std::uint64_t>(entry.payload.data()), load<std::uint64_t>(entry.payload.data() + 8),
          entry.payload.substr(line_size), entry.b == block_goes_on};
}

Request read_request(const Entry& entry) {
  Reader in(entry.payload);
  Request request;
  request.requested = in.take<std::uint64_t>();
  request.begun = {in.take<std::uint64_t>()};
  request.waiting = in.take<std::uint32_t>();
  return request;
}
std::uint32_t read_cancel_requests(const Entry& entry) {
  return load<std::uint32_t>(entry.payload.data());
}

void read_runs(const Entry& entry, std::vector<ItemRun>& runs) {
  runs.clear();
  Reader in(entry.payload);
  while (!in.empty()) {
    const ItemId first{in.take<std::uint64_t>()};
    runs.push_back({first, in.take<std::uint32_t>()});
  }
}

void read_reclaims(const Entry& entry, std::vector<Reclaim>& reclaims) {
  reclaims.clear();
  Reader in(entry.payload);
  while (!in.empty()) {
    Reclaim reclaim{{in.take<std::uint64_t>()}, 0, 0, {}};
    reclaim.count = in.take<std::uint32_t>();
    reclaim.deliveries = in.take<std::uint32_t>();
    if (entry.kind == EntryKind::reclaim_put) {
      reclaim.put.producer = in.take<std::uint64_t>();
      reclaim.put.number = {in.take<std::uint64_t>()};
    }
    reclaims.push_back(reclaim);
  }
}

Failure read_fail(const Entry& entry) {
  const char* at = entry.payload.data();
  return {{load<std::uint64_t>(at)}, load<std::uint32_t>(at + 8), entry.payload.substr(fail_size)};
}

LinkLost read_link_lost(const Entry& entry) {
  const char* at = entry.payload.data();
  return {load<std::uint32_t>(at), {load<std::uint64_t>(at + 4)}, load<std::uint32_t>(at + 12)};
}

SeqNo read_close(const Entry& entry) { return {load<std::uint64_t>(entry.payload.data())}; }

std::uint64_t read_dropped(const Entry& entry) { return load<std::uint64_t>(entry.payload.data()); }

std::string encode_heartbeat(const Header& header, const Heartbeat& heartbeat) {
  std::string out = message_of(header, heartbeat_size);
  append(out, heartbeat.put_sent.value);
  append(out, heartbeat.control_sent.value);
  append(out, heartbeat.feed_position.value);
  append(out, heartbeat.link_received.value);
  append(out, heartbeat.link_generation);
  append(out, static_cast<std::uint32_t>(heartbeat.rewind ? heartbeat_rewind : 0));
  return out;
}

Refusal decode_heartbeat(std::string_view payload, Heartbeat& heartbeat) {
  if (payload.size() < heartbeat_size)
    return Refusal::malformed;  // a later version may append fields
  Reader in(payload);
  heartbeat.put_sent.value = in.take<std::uint64_t>();
  heartbeat.control_sent.value = in.take<std::uint64_t>();
  heartbeat.feed_position.value = in.take<std::uint64_t>();
  heartbeat.link_received.value = in.take<std::uint64_t>();
  heartbeat.link_generation = in.take<std::uint32_t>();
  heartbeat.rewind = in.take<std::uint32_t>() & heartbeat_rewind;
  return Refusal::none;
}

std::string encode_confirm(const Header& header, const Confirm& confirm) {
  std::string out = message_of(header, confirm_size);
  for (const auto value :
       {confirm.control_received.value, confirm.put_received.value, confirm.put_confirmed.value,
        confirm.put_credit.value, confirm.put_window, confirm.print_window, confirm.accepted,
        confirm.done, confirm.dead, confirm.feed_last.value, confirm.link_sent.value})
    append(out, value);
  append(out, confirm.link_generation);
  append(out, confirm.link_port);
  append(out, static_cast<std::uint8_t>(confirm.put_held));
  append(out, static_cast<std::uint8_t>(confirm.print_held));
  append(out, static_cast<std::uint8_t>((confirm.rewind_put ? confirm_rewind_put : 0) |
                                        (confirm.rewind_control ? confirm_rewind_control : 0) |
                                        (confirm.shutdown ? confirm_shutdown : 0) |
                                        (confirm.ended ? confirm_ended : 0)));
  append(out, confirm.feed_sent.value);
  append(out, confirm.consumers);
  return out;
}

Refusal decode_confirm(std::string_view payload, Confirm& confirm) {
  if (payload.size() < confirm_size)
    return Refusal::malformed;  // a later version may append fields
  Reader in(payload);
  for (auto* value :
       {&confirm.control_received.value, &confirm.put_received.value, &confirm.put_confirmed.value,
        &confirm.put_credit.value, &confirm.put_window, &confirm.print_window, &confirm.accepted,
        &confirm.done, &confirm.dead, &confirm.feed_last.value, &confirm.link_sent.value})
    *value = in.take<std::uint64_t>();
  confirm.link_generation = in.take<std::uint32_t>();
  confirm.link_port = in.take<std::uint16_t>();
  confirm.put_held = static_cast<Held>(in.take<std::uint8_t>());
  confirm.print_held = static_cast<Held>(in.take<std::uint8_t>());
  const auto flags = in.take<std::uint8_t>();
  confirm.rewind_put = flags & confirm_rewind_put;
  confirm.rewind_control = flags & confirm_rewind_control;
  confirm.shutdown = flags & confirm_shutdown;
  confirm.ended = flags & confirm_ended;
  confirm.feed_sent.value = in.take<std::uint64_t>();
  confirm.consumers = in.take<std::uint32_t>();
  return Refusal::none;
}

std::string encode_json(const Header& header, std::string_view json) {
  std::string out = message_of(header, json.size());
  out += json;
  return out;
}

}  // namespace baton::internal
