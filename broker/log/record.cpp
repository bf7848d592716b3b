#include "broker/log/record.hpp"

#include <algorithm>

#include "broker/log/crc32.hpp"
#include "proto/bytes.hpp"

namespace baton::internal::broker::log {
namespace {

constexpr std::size_t crc_size = 4;
// Bits that rows of format 1 do not have: each row tells its own format.
constexpr std::uint8_t delay_flag = 1, item_2_flag = 2, again_flag = 4;
constexpr std::uint8_t dead_flag = 1, suspect_flag = 2, state_2_flag = 4;
constexpr std::uint8_t named_flag = 1, closed_flag = 2;
constexpr std::size_t most_failures = 255, most_text = 65'535, most_digests = 1024;

std::uint32_t crc_of(std::uint64_t key) {
  char raw[sizeof key];
  store(raw, key);
  return crc32({raw, sizeof raw});
}
std::uint32_t crc_of(std::uint64_t key, std::string_view rest) { return crc32(rest, crc_of(key)); }

/// Appends a row that `fill` writes after the space for its CRC.
template <class Fill>
void append_row(std::string& out, std::uint64_t key, Fill fill) {
  const auto begin = out.size();
  out.append(crc_size, '\0');
  fill();
  store(out.data() + begin, crc_of(key, std::string_view(out).substr(begin + crc_size)));
}

/// Reads and checks a row's CRC; `reader` gets the rest.
bool open_row(std::uint64_t key, std::string_view value, Reader& reader) {
  Reader in(value);
  const auto crc = in.take<std::uint32_t>();
  reader = Reader(in.rest());
  return in.ok() && crc == crc_of(key, in.rest());
}

Delay take_delay(Reader& in) {
  const auto due = in.take<std::uint64_t>();
  return {due, in.take<std::uint32_t>()};
}

Delay take_delay_of_format_1(Reader& in) {
  const auto due = in.take<std::uint64_t>();
  return {due, due == 0 ? 0 : Delay::no_limit};
}

void append_delay(std::string& out, const Delay& delay) {
  append(out, delay.due);
  append(out, delay.asked_ms);
}

void append_text(std::string& out, std::string_view text) { out += text.substr(0, most_text); }

}  // namespace

void append_item(std::string& out, std::uint64_t key, const ItemRow& row) {
  append_row(out, key, [&] {
    append(out, row.queue);
    append(out, row.producer);
    const bool delayed = row.delay != Delay{};
    append(out, row.priority);
    append(out, static_cast<std::uint8_t>(item_2_flag | (delayed ? delay_flag : 0) |
                                          (row.again != 0 ? again_flag : 0)));
    append(out, std::uint16_t{0});
    append(out, row.number.value);
    if (delayed) append_delay(out, row.delay);
    if (row.again != 0) append(out, row.again);
    out += row.body;
  });
}

namespace {

bool take_item(Reader& in, ItemRow& row) {
  row.queue = in.take<std::uint32_t>();
  row.producer = in.take<std::uint32_t>();
  row.priority = in.take<std::uint8_t>();
  const auto flags = in.take<std::uint8_t>();
  in.take<std::uint16_t>();
  row.number = {in.take<std::uint64_t>()};
  row.delay = {};
  if ((flags & item_2_flag) == 0)
    row.delay = take_delay_of_format_1(in);
  else if ((flags & delay_flag) != 0)
    row.delay = take_delay(in);
  row.again = (flags & again_flag) != 0 ? in.take<std::uint64_t>() : 0;
  row.body = in.rest();
  return in.ok();
}

}  // namespace

bool read_item(std::uint64_t key, std::string_view value, ItemRow& row) {
  Reader in({});
  return open_row(key, value, in) && take_item(in, row);
}

bool read_item_part(std::uint64_t key, std::string_view value, std::uint64_t offset,
                    std::size_t size, std::uint32_t& check, std::string_view& part) {
  Reader in(value);
  const auto crc = in.take<std::uint32_t>();
  ItemRow row;
  if (!take_item(in, row) || offset > row.body.size() || size > row.body.size() - offset)
    return false;
  part = row.body.substr(offset, size);
  if (offset == 0)
    check = crc_of(key, value.substr(crc_size, value.size() - crc_size - row.body.size()));
  check = crc32(part, check);
  return offset + size < row.body.size() || check == crc;
}

void append_state(std::string& out, std::uint64_t key, const StateRow& row) {
  const auto count = std::min(row.history.size(), most_failures);
  append_row(out, key, [&] {
    append(out, row.failures);
    append(out, static_cast<std::uint8_t>(state_2_flag | (row.dead ? dead_flag : 0) |
                                          (row.suspect ? suspect_flag : 0)));
    append(out, static_cast<std::uint8_t>(count));
    append_delay(out, row.delay);
    append(out, row.deliveries);
    for (std::size_t i = row.history.size() - count; i < row.history.size(); ++i) {
      const auto& failure = row.history[i];
      append(out, failure.at);
      append(out, static_cast<std::uint16_t>(std::min(failure.consumer.size(), most_text)));
      append(out, static_cast<std::uint16_t>(std::min(failure.why.size(), most_text)));
      append_text(out, failure.consumer);
      append_text(out, failure.why);
    }
  });
}

bool read_state(std::uint64_t key, std::string_view value, StateRow& row) {
  Reader in({});
  if (!open_row(key, value, in)) return false;
  row.failures = in.take<std::uint16_t>();
  const auto flags = in.take<std::uint8_t>();
  row.dead = (flags & dead_flag) != 0;
  row.suspect = (flags & suspect_flag) != 0;
  row.history.resize(in.take<std::uint8_t>());
  const bool format_1 = (flags & state_2_flag) == 0;
  row.delay = format_1 ? take_delay_of_format_1(in) : take_delay(in);
  row.deliveries = format_1 ? 0 : in.take<std::uint32_t>();
  for (auto& failure : row.history) {
    failure.at = in.take<std::uint64_t>();
    const auto consumer = in.take<std::uint16_t>(), why = in.take<std::uint16_t>();
    failure.consumer = in.take(std::size_t{consumer});
    failure.why = in.take(std::size_t{why});
  }
  return in.ok();
}

void append_queue(std::string& out, std::uint64_t key, std::string_view name) {
  append_row(out, key, [&] { out += name; });
}

bool read_queue(std::uint64_t key, std::string_view value, std::string_view& name) {
  Reader in({});
  if (!open_row(key, value, in)) return false;
  name = in.rest();
  return true;
}

void append_producer(std::string& out, std::uint64_t key, const ProducerRow& row) {
  append_row(out, key, [&] {
    append(out, static_cast<std::uint8_t>((row.named ? named_flag : 0) |
                                          (row.closed ? closed_flag : 0)));
    append(out, std::uint8_t{0});
    const auto digests = row.digests.substr(0, most_digests);
    append(out, static_cast<std::uint16_t>(digests.size()));
    append(out, row.received.value);
    append(out, row.done);
    append(out, row.dead);
    append(out, std::uint64_t{0});
    out += digests;
    out += row.name;
  });
}

bool read_producer(std::uint64_t key, std::string_view value, ProducerRow& row) {
  Reader in({});
  if (!open_row(key, value, in)) return false;
  const auto flags = in.take<std::uint8_t>();
  row.named = (flags & named_flag) != 0;
  row.closed = (flags & closed_flag) != 0;
  const auto source = in.take<std::uint8_t>();
  const auto digests = in.take<std::uint16_t>();
  row.received = {in.take<std::uint64_t>()};
  row.done = in.take<std::uint64_t>();
  row.dead = in.take<std::uint64_t>();
  const auto begin = in.take<std::uint64_t>();
  in.take(std::size_t{source});
  row.digests = in.take(std::size_t{digests});
  const bool format_1 = row.named && row.digests.empty();
  row.undigested = format_1 && row.received.value > begin ? row.received.value - begin : 0;
  row.name = in.rest();
  return in.ok() && digests <= most_digests;
}

void append_superblock(std::string& out, std::uint64_t key, const Superblock& superblock) {
  append_row(out, key, [&] {
    append(out, superblock.format);
    append(out, superblock.broker_instance.value);
    append(out, superblock.items);
    append(out, superblock.states);
    append(out, superblock.last.value);
  });
}

bool read_superblock(std::uint64_t key, std::string_view value, Superblock& superblock) {
  Reader in({});
  if (!open_row(key, value, in)) return false;
  superblock.format = in.take<std::uint32_t>();
  superblock.broker_instance = {in.take<std::uint64_t>()};
  superblock.items = in.take<std::uint64_t>();
  superblock.states = in.take<std::uint64_t>();
  superblock.last = {in.take<std::uint64_t>()};
  return in.ok();
}

}  // namespace baton::internal::broker::log
