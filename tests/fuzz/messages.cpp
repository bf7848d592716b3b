// Headers, entries and fixed blocks: what is taken is what its encoder makes, and the other way
// round.
#include "proto/ensure.hpp"
#include "proto/message.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::fuzz {
namespace {

/// Takes the one entry of `bytes`, which an encoder made.
Entry only_entry(MessageType type, const std::string& bytes) {
  ensure(check_entries(type, bytes, 1) == Refusal::none);
  EntryReader in(bytes);
  Entry entry;
  ensure(in.next(entry) && in.at_end());
  return entry;
}

template <class Value, class Append, class Read>
void there_and_back(MessageType type, const Value& value, Append append, Read read) {
  std::string bytes;
  append(bytes, value);
  ensure(read(only_entry(type, bytes)) == value);
}

std::vector<ItemRun> runs_of(const Entry& entry) {
  std::vector<ItemRun> runs{{{1}, 1}};  // replaced
  read_runs(entry, runs);
  return runs;
}

void check_block(MessageType type, const Entry& entry) {
  std::string bytes;
  append_block(bytes, entry.kind, entry.payload);
  const auto again = only_entry(type, bytes);
  ensure(again.kind == entry.kind && again.payload == entry.payload);
}

void check_runs_entry(const Entry& entry) {
  const auto append = [&](std::string& out, const std::vector<ItemRun>& runs) {
    append_runs(out, entry.kind, runs);
  };
  there_and_back(entry.kind == EntryKind::lost ? MessageType::outcome : MessageType::control,
                 runs_of(entry), append, runs_of);
}

std::vector<Reclaim> reclaims_of(const Entry& entry) {
  std::vector<Reclaim> reclaims{{{1}, 1, 1}};  // replaced
  read_reclaims(entry, reclaims);
  return reclaims;
}

void check_digest(const Entry& entry) {
  std::string bytes;
  append_digest(bytes, read_digest(entry));
  Entry again;
  ensure(EntryReader(bytes).next(again) && again.payload == entry.payload && again.a == entry.a);
}

/// Behind another, whose put its own may follow.
void check_given(const Entry& entry) {
  const PutName before{1, {1}};
  const auto value = read_delivery(entry, before);
  std::string bytes;
  append_delivery(bytes, {.id = {1}, .put = before});
  append_delivery(bytes, value, before);
  ensure(check_entries(MessageType::deliveries, bytes, 2) == Refusal::none);
  EntryReader in(bytes);
  Entry again;
  ensure(in.next(again) && in.next(again) && read_delivery(again, before) == value);
}

void check_close(const Entry& entry) {
  there_and_back(MessageType::control, read_close(entry), append_close, read_close);
}

void check_entry(MessageType type, const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::item:
      return there_and_back(type, read_item(entry), append_item, read_item);
    case EntryKind::digest:
      return check_digest(entry);
    case EntryKind::request:
      return there_and_back(type, read_request(entry), append_request, read_request);
    case EntryKind::cancel_requests:
      return there_and_back(type, read_cancel_requests(entry), append_cancel_requests,
                            read_cancel_requests);
    case EntryKind::ack:
    case EntryKind::release:
    case EntryKind::lost:
      return check_runs_entry(entry);
    case EntryKind::reclaim:
    case EntryKind::reclaim_put:
      return there_and_back(type, reclaims_of(entry), append_reclaims, reclaims_of);
    case EntryKind::fail:
      return there_and_back(type, read_settlement(entry), append_settlement, read_settlement);
    case EntryKind::link_lost:
      return there_and_back(type, read_link_lost(entry), append_link_lost, read_link_lost);
    case EntryKind::flush:
      return there_and_back(type, read_flush(entry), append_flush, read_flush);
    case EntryKind::close:
      return check_close(entry);
    case EntryKind::delivery:
      return check_given(entry);
    case EntryKind::dropped:
      return there_and_back(type, read_dropped(entry), append_dropped, read_dropped);
    case EntryKind::print:
      return there_and_back(type, read_print(entry), append_print, read_print);
    case EntryKind::line:
      return there_and_back(type, read_line(entry), append_line, read_line);
    case EntryKind::join:
    case EntryKind::empty:
    case EntryKind::part:
    case EntryKind::died:
    case EntryKind::result:
      return check_block(type, entry);
  }
  ensure(false);  // check_entries() lets no other kind through
}

void check_entries_of(const Header& header, std::string_view payload) {
  if (check_entries(header.type, payload, header.count) != Refusal::none) return;
  EntryReader in(payload);
  std::uint32_t count = 0;
  for (Entry entry; in.next(entry); ++count) check_entry(header.type, entry);
  ensure(in.at_end() && count == header.count);
}

void check_heartbeat(const Header& header, std::string_view payload) {
  Heartbeat heartbeat, again;
  if (decode_heartbeat(payload, heartbeat) != Refusal::none)
    return ensure(payload.size() < heartbeat_size);
  const auto message = encode_heartbeat(header, heartbeat);
  ensure(decode_heartbeat(payload_of(message), again) == Refusal::none && again == heartbeat);
}

bool says_too_short_a_head(std::string_view confirm) {
  return static_cast<std::uint8_t>(confirm[confirm_head_size - 1]) < confirm_head_size;
}

void check_confirm(const Header& header, std::string_view payload) {
  Confirm confirm, again;
  if (decode_confirm(payload, confirm) != Refusal::none)
    return ensure(payload.size() < 255 + producer_part_size ||  // one of the two is cut off
                  says_too_short_a_head(payload));
  const auto message = encode_confirm(header, confirm);
  ensure(decode_confirm(payload_of(message), again) == Refusal::none && again == confirm);
}

void check_header(std::string_view frame, const Header& header) {
  constexpr std::size_t reserved = 5;
  std::string raw(header_size, '\0');
  write_header(raw.data(), header);
  raw[reserved] = frame[reserved];
  ensure(frame.starts_with(raw));
}

void check_message(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  check_header(frame, header);
  const auto payload = payload_of(frame);
  if (header.type == MessageType::heartbeat) return check_heartbeat(header, payload);
  if (header.type == MessageType::confirm) return check_confirm(header, payload);
  check_entries_of(header, payload);
}

/// A message whose entries are as long as their heads say: by chance alone two lengths and a count
/// seldom fit together.
std::string framed(Script script) {
  constexpr EntryKind kinds[] = {EntryKind::item,  EntryKind::request,   EntryKind::cancel_requests,
                                 EntryKind::ack,   EntryKind::fail,      EntryKind::release,
                                 EntryKind::print, EntryKind::link_lost, EntryKind::join,
                                 EntryKind::close, EntryKind::delivery,  EntryKind::empty,
                                 EntryKind::part,  EntryKind::died,      EntryKind::result,
                                 EntryKind::line,  EntryKind::dropped,   EntryKind::reclaim,
                                 EntryKind::lost,  EntryKind::digest,    EntryKind::reclaim_put,
                                 EntryKind{0}};
  constexpr MessageType types[] = {MessageType::put, MessageType::control, MessageType::outcome,
                                   MessageType::console, MessageType::deliveries};
  Header header{types[script.below(std::size(types))], 0, {}, {}, {script.number()}};
  std::string frame(header_size, '\0');
  for (; !script.over() && header.count < max_entries; ++header.count) {
    const auto kind = kinds[script.below(std::size(kinds))];
    const auto a = static_cast<std::uint8_t>(script.below(16));
    const auto b = static_cast<std::uint16_t>(script.below(4));
    const auto payload = script.bytes();
    append_entry_head(frame, kind, a, b, payload.size());
    frame += payload;
  }
  write_header(frame.data(), header);
  return frame;
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::internal::fuzz;
  const auto bytes = view_of(data, size);
  check_message(bytes);
  const auto frame = framed(Script(bytes));
  const std::vector<char> exact(frame.begin(),
                                frame.end());  // so that a byte read beyond its end is seen
  check_message({exact.data(), exact.size()});
  return 0;
}
