#include "proto/confirm.hpp"

#include "proto/bytes.hpp"

namespace baton::internal {
namespace {

enum ConfirmFlag : std::uint8_t {
  confirm_rewind_control = 1,
  confirm_shutdown = 2,
  confirm_ended = 4,
};
enum ProducerFlag : std::uint8_t { producer_rewind_put = 1 };

void append_part(std::string& out, const ProducerPart& part) {
  for (const auto value : {part.put_received.value, part.put_confirmed.value, part.put_credit.value,
                           part.put_window, part.accepted, part.done, part.dead})
    append(out, value);
  append(out, part.consumers);
  append(out, static_cast<std::uint8_t>(part.put_held));
  append(out, static_cast<std::uint8_t>(part.rewind_put ? producer_rewind_put : 0));
  append(out, std::uint16_t{0});
}

void append_part(std::string& out, const ConsumerPart& part) {
  append(out, part.link_sent.value);
  append(out, part.link_generation);
  append(out, part.link_port);
  append(out, std::uint16_t{0});
}

ProducerPart read_producer_part(Reader in) {
  ProducerPart part;
  for (auto* value : {&part.put_received.value, &part.put_confirmed.value, &part.put_credit.value,
                      &part.put_window, &part.accepted, &part.done, &part.dead})
    *value = in.take<std::uint64_t>();
  part.consumers = in.take<std::uint32_t>();
  part.put_held = static_cast<Held>(in.take<std::uint8_t>());
  part.rewind_put = in.take<std::uint8_t>() & producer_rewind_put;
  return part;
}

ConsumerPart read_consumer_part(Reader in) {
  ConsumerPart part;
  part.link_sent.value = in.take<std::uint64_t>();
  part.link_generation = in.take<std::uint32_t>();
  part.link_port = in.take<std::uint16_t>();
  return part;
}

/// The part after the head; later versions may append to it.
Refusal read_part(std::string_view bytes, Confirm& confirm) {
  if (confirm.part == Confirm::Part::producer) {
    if (bytes.size() < producer_part_size) return Refusal::malformed;
    confirm.producer = read_producer_part(Reader(bytes));
  } else if (confirm.part == Confirm::Part::consumer) {
    if (bytes.size() < consumer_part_size) return Refusal::malformed;
    confirm.consumer = read_consumer_part(Reader(bytes));
  } else {
    confirm.part = Confirm::Part::none;
  }
  return Refusal::none;
}

}  // namespace

std::string encode_confirm(const Header& header, const Confirm& confirm) {
  std::string out = message_of(header, confirm_head_size + producer_part_size);
  for (const auto value : {confirm.control_received.value, confirm.feed_last.value,
                           confirm.feed_sent.value, confirm.print_window})
    append(out, value);
  append(out, static_cast<std::uint8_t>(confirm.print_held));
  append(out, static_cast<std::uint8_t>((confirm.rewind_control ? confirm_rewind_control : 0) |
                                        (confirm.shutdown ? confirm_shutdown : 0) |
                                        (confirm.ended ? confirm_ended : 0)));
  append(out, static_cast<std::uint8_t>(confirm.part));
  append(out, static_cast<std::uint8_t>(confirm_head_size));
  if (confirm.part == Confirm::Part::producer) append_part(out, confirm.producer);
  if (confirm.part == Confirm::Part::consumer) append_part(out, confirm.consumer);
  return out;
}

Refusal decode_confirm(std::string_view payload, Confirm& confirm) {
  if (payload.size() < confirm_head_size) return Refusal::malformed;
  Reader in(payload);
  for (auto* value : {&confirm.control_received.value, &confirm.feed_last.value,
                      &confirm.feed_sent.value, &confirm.print_window})
    *value = in.take<std::uint64_t>();
  confirm.print_held = static_cast<Held>(in.take<std::uint8_t>());
  const auto flags = in.take<std::uint8_t>();
  confirm.rewind_control = flags & confirm_rewind_control;
  confirm.shutdown = flags & confirm_shutdown;
  confirm.ended = flags & confirm_ended;
  confirm.part = static_cast<Confirm::Part>(in.take<std::uint8_t>());
  const std::size_t head = in.take<std::uint8_t>();  // later versions may append to it
  if (head < confirm_head_size || head > payload.size()) return Refusal::malformed;
  return read_part(payload.substr(head), confirm);
}

}  // namespace baton::internal
