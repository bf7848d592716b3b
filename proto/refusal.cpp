#include "proto/refusal.hpp"

namespace baton::internal {
namespace {

struct Row {
  std::string_view name;
  std::string_view meaning;
  bool ends_session;
};

constexpr std::array<Row, refusal_count> rows{{
    {"none", "accepted", false},
    {"short_frame", "the frame is shorter than a header", false},
    {"magic", "not a Baton message", false},
    {"version", "another version of the protocol; this broker speaks 2", true},
    {"unknown_type", "a message type that this version does not know", false},
    {"frames", "a message must be one frame", false},
    {"malformed", "the payload does not match the message type", true},
    {"too_large", "larger than the limit", true},
    {"wrong_broker_instance", "the broker was restarted: say hello", true},
    {"unknown_session", "no such session, or it has ended: say hello", true},
    {"wrong_role", "not a message for this role", false},
    {"wrong_endpoint", "not a message for this endpoint", false},
    {"queue_name", "a queue name has 1-200 characters of A-Z a-z 0-9 . _ - /", true},
    {"hello", "a field of the hello is missing or wrong", true},
    {"over_credit", "sent more than the broker has granted", true},
    {"not_held", "the session does not hold this item", false},
    {"fenced", "a newer session has taken this producer's name", true},
    {"sessions_full", "the broker has no room for another client", true},
    {"not_yet", "earlier puts of this name are not on disk yet", false},
    {"not_allowed", "the role of this key may not do that", true},
}};

const Row& row(Refusal refusal) { return rows[static_cast<std::size_t>(refusal)]; }

}  // namespace

static_assert(static_cast<std::size_t>(Refusal::not_allowed) + 1 == refusal_count);

std::string_view name(Refusal refusal) { return row(refusal).name; }
std::string_view meaning(Refusal refusal) { return row(refusal).meaning; }
bool ends_session(Refusal refusal) { return row(refusal).ends_session; }

Refusal refusal_from(std::string_view name) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].name == name) return static_cast<Refusal>(i);
  return Refusal::none;
}

}  // namespace baton::internal
