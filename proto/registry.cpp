#include "proto/registry.hpp"

#include <algorithm>
#include <array>

#include "proto/confirm.hpp"
#include "proto/console_entries.hpp"
#include "proto/control_entries.hpp"
#include "proto/entry.hpp"
#include "proto/settlement.hpp"

namespace baton::internal {
namespace {

struct RoleInfo {
  std::string_view name;
  Confirm::Part part;
};

constexpr std::array<RoleInfo, role_count> roles{{
    {"producer", Confirm::Part::producer},
    {"consumer", Confirm::Part::consumer},
    {"printer", Confirm::Part::none},
}};

constexpr auto of_producer = Role::producer, of_consumer = Role::consumer;

constexpr Refusal any(const Entry& /*entry*/) { return Refusal::none; }

constexpr KindInfo kinds[] = {
    {EntryKind::request, MessageType::control, of_consumer, check_request},
    {EntryKind::cancel_requests, MessageType::control, of_consumer, check_size<4>},
    {EntryKind::ack, MessageType::control, of_consumer, check_runs},
    {EntryKind::fail, MessageType::control, of_consumer, check_fail},
    {EntryKind::release, MessageType::control, of_consumer, check_runs},
    {EntryKind::print, MessageType::control, {}, check_print},
    {EntryKind::link_lost, MessageType::control, of_consumer, check_size<link_lost_size>},
    {EntryKind::join, MessageType::control, of_producer, check_size<0>},
    {EntryKind::close, MessageType::control, {}, check_size<8>},
    {EntryKind::reclaim, MessageType::control, of_consumer, check_reclaims},
    {EntryKind::reclaim_put, MessageType::control, of_consumer, check_reclaims},
    {EntryKind::flush, MessageType::control, {}, check_size<8>},

    {EntryKind::died, MessageType::outcome, {}, any},
    {EntryKind::result, MessageType::outcome, {}, any},
    {EntryKind::lost, MessageType::outcome, {}, check_runs},

    {EntryKind::line, MessageType::console, {}, check_line},
    {EntryKind::dropped, MessageType::console, {}, check_line},
};

/// By kind: where it is in `kinds`, from 1; 0: nowhere.
constexpr auto places = [] {
  std::array<std::uint8_t, 256> of{};
  std::uint8_t place = 0;
  for (const auto& info : kinds) of[static_cast<std::size_t>(info.kind)] = ++place;
  return of;
}();

}  // namespace

std::string_view name(Role role) { return roles[static_cast<std::size_t>(role)].name; }

Confirm::Part part_of(Role role) { return roles[static_cast<std::size_t>(role)].part; }

std::optional<Role> find_role(std::string_view name) {
  const auto found = std::find_if(roles.begin(), roles.end(),
                                  [name](const RoleInfo& role) { return role.name == name; });
  return found == roles.end() ? std::nullopt : std::optional(Role(found - roles.begin()));
}

std::string role_names() {
  std::string names(roles[0].name);
  for (std::size_t i = 1; i < roles.size(); ++i) {
    names += i + 1 < roles.size() ? ", " : " or ";
    names += roles[i].name;
  }
  return names;
}

const KindInfo* find_kind(EntryKind kind) {
  const auto place = places[static_cast<std::size_t>(kind)];
  return place == 0 ? nullptr : &kinds[place - 1];
}

}  // namespace baton::internal
