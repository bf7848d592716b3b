#include "proto/header.hpp"

#include <algorithm>

#include "proto/bytes.hpp"

namespace baton::internal {
namespace {

constexpr std::string_view magic = "BTN";

bool known(std::uint8_t type) {
  return (type >= 1 && type <= 5) || (type >= 16 && type <= 21) || type == 32;
}

}  // namespace

std::string message_of(const Header& header, std::size_t payload) {
  std::string out;
  out.reserve(header_size + payload);
  out.resize(header_size);
  write_header(out.data(), header);
  return out;
}

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

std::string encode_json(const Header& header, std::string_view json) {
  std::string out = message_of(header, json.size());
  out += json;
  return out;
}

}  // namespace baton::internal
