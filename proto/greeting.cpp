#include "proto/greeting.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proto/visible.hpp"

namespace baton::internal {
namespace {

using nlohmann::json;

constexpr int deepest = 4;  // levels of objects and lists
// Numbers continue from it and must not overflow.
constexpr SeqNo highest_first_put{std::uint64_t{1} << 62};

/// An invalid field of a hello.
struct Wrong {
  Refusal refusal;
  std::string why;
};

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_field(const json& object, const char* key, std::size_t max_size) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) throw Wrong{Refusal::hello, std::string(key) + " must be a string"};
  auto text = found->get<std::string>();
  if (text.size() > max_size) throw Wrong{Refusal::hello, std::string(key) + " is too long"};
  return text;
}

/// A text that logs and terminals show.
std::string plain_field(const json& object, const char* key, std::size_t max_size) {
  auto text = text_field(object, key, max_size);
  if (!is_plain(text)) throw Wrong{Refusal::hello, std::string(key) + " has a control character"};
  return text;
}

std::uint64_t number_field(const json& object, const char* key, std::uint64_t otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  if (!found->is_number_unsigned())
    throw Wrong{Refusal::hello, std::string(key) + " must be a whole number, not negative"};
  return found->get<std::uint64_t>();
}

bool flag_field(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (!found->is_boolean())
    throw Wrong{Refusal::hello, std::string(key) + " must be true or false"};
  return found->get<bool>();
}

Role role_field(const json& object) {
  const auto text = text_field(object, "role", 20);
  if (const auto role = find_role(text)) return *role;
  throw Wrong{Refusal::hello, "role must be " + role_names()};
}

std::vector<std::string> queues_field(const json& object, Role role) {
  std::vector<std::string> queues;
  if (const auto found = object.find("queues"); found != object.end()) {
    if (!found->is_array()) throw Wrong{Refusal::hello, "queues must be a list"};
    if (found->size() > max_queues)
      throw Wrong{Refusal::hello, "queues names more than 64"};  // so that comparing is cheap
    for (const auto& queue : *found) {
      if (!queue.is_string() || !valid_queue_name(queue.get_ref<const std::string&>()))
        throw Wrong{Refusal::queue_name, std::string(meaning(Refusal::queue_name))};
      const auto& text = queue.get_ref<const std::string&>();
      if (std::find(queues.begin(), queues.end(), text) == queues.end()) queues.push_back(text);
    }
  }
  if (role == Role::producer && queues.size() != 1)
    throw Wrong{Refusal::hello, "a producer names one queue"};
  if (role == Role::consumer && queues.empty())
    throw Wrong{Refusal::hello, "a consumer names 1 to 64 queues"};
  return queues;
}

std::uint64_t random_field(const json& object, const char* field) {
  if (!object.contains(field)) return 0;
  const auto value = number_from_hex(text_field(object, field, 16));
  if (!value || *value == 0)
    throw Wrong{Refusal::hello,
                std::string(field) + " must be 16 hex digits in lower case, not all 0"};
  return *value;
}

std::optional<Previous> previous_field(const json& object) {
  const auto found = object.find("previous");
  if (found == object.end()) return std::nullopt;
  if (!found->is_object()) throw Wrong{Refusal::hello, "previous must be an object"};
  const auto broker_instance = number_from_hex(text_field(*found, "broker_instance", 16));
  const auto session = session_from_hex(text_field(*found, "session", 32));
  if (!broker_instance || *broker_instance == 0 || !session || *session == SessionId{})
    throw Wrong{Refusal::hello, "previous must name a broker instance and a session"};
  return Previous{{*broker_instance}, *session};
}

SessionId run_field(const json& object) {
  if (!object.contains("run")) return {};
  const auto run = session_from_hex(text_field(object, "run", 32));
  if (!run || *run == SessionId{}) throw Wrong{Refusal::hello, "run is not a session id"};
  return *run;
}

json digests_to_json(const std::vector<Checkpoint>& digests) {
  json list = json::array();
  for (const auto& one : digests) list.push_back({one.items, to_hex(SessionId{one.digest})});
  return list;
}

std::vector<Checkpoint> digests_from_json(const json& list) {
  const Wrong wrong{Refusal::malformed,
                    "digests must be pairs of a number and 32 hex digits, the numbers rising"};
  if (!list.is_array() || list.size() > max_checkpoints) throw wrong;
  std::vector<Checkpoint> digests;
  for (const auto& one : list) {
    if (!one.is_array() || one.size() != 2 || !one[0].is_number_unsigned() || !one[1].is_string())
      throw wrong;
    const auto digest = session_from_hex(one[1].get_ref<const std::string&>());
    const auto items = one[0].get<std::uint64_t>();
    if (!digest || (digests.empty() ? items == 0 : items <= digests.back().items)) throw wrong;
    digests.push_back({items, digest->bytes});
  }
  return digests;
}

/// Ignores anything nested deeper than our messages: otherwise a few bytes could cost a lot of
/// memory and time.
bool is_shallow(int depth, json::parse_event_t event, const json&) {
  return depth < deepest ||
         (event != json::parse_event_t::array_start && event != json::parse_event_t::object_start);
}

json object_from(std::string_view text) {
  auto object = json::parse(text, is_shallow, /*allow_exceptions=*/false);
  if (!object.is_object()) throw Wrong{Refusal::malformed, "not a JSON object"};
  return object;
}

/// Runs `read`, and returns false if it throws.
template <class Read>
bool read_all(Read read) {
  try {
    read();
    return true;
  } catch (const Wrong&) {
    return false;
  }
}

}  // namespace

std::string to_json(const Hello& hello) {
  json object{{"role", name(hello.role)},
              {"client", hello.client},
              {"name", hello.name},
              {"named", hello.named},
              {"host", hello.host},
              {"pid", hello.pid},
              {"queues", hello.queues},
              {"first_put", hello.first_put.value},
              {"feed_position", hello.feed_position.value}};
  if (hello.process != 0) object["process"] = to_hex(hello.process);
  if (hello.instance != 0) object["instance"] = to_hex(hello.instance);
  if (hello.previous)
    object["previous"] = {{"broker_instance", to_hex(hello.previous->broker_instance.value)},
                          {"session", to_hex(hello.previous->session)}};
  if (hello.run != SessionId{}) object["run"] = to_hex(hello.run);
  if (hello.begun) object["begun"] = true;
  if (hello.last_put > SeqNo{}) object["last_put"] = hello.last_put.value;
  if (hello.reclaims > 0) object["reclaims"] = hello.reclaims;
  return dump(object);
}

Refusal parse(std::string_view text, Hello& hello, std::string& why) {
  try {
    if (text.size() > max_hello) throw Wrong{Refusal::too_large, "the hello is too large"};
    const json object = object_from(text);
    hello.role = role_field(object);
    hello.client = plain_field(object, "client", max_client_name);
    hello.name = plain_field(object, "name", max_client_name);
    hello.named = flag_field(object, "named");
    hello.host = plain_field(object, "host", 255);
    hello.pid = number_field(object, "pid", 0);
    hello.process = random_field(object, "process");
    hello.instance = random_field(object, "instance");
    hello.queues = queues_field(object, hello.role);
    hello.first_put.value = number_field(object, "first_put", 1);
    hello.feed_position.value = number_field(object, "feed_position", 0);
    hello.run = run_field(object);
    hello.begun = flag_field(object, "begun");
    hello.last_put.value = number_field(object, "last_put", 0);
    hello.previous = previous_field(object);
    hello.reclaims = number_field(object, "reclaims", 0);
    if (hello.reclaims > max_requests)
      throw Wrong{Refusal::hello, "reclaims are more items than a session can hold"};
    if (hello.role == Role::producer && hello.name.empty())
      throw Wrong{Refusal::hello, "a producer gives its name"};
    if (hello.first_put.value == 0) throw Wrong{Refusal::hello, "first_put counts from 1"};
    if (hello.first_put > highest_first_put) throw Wrong{Refusal::hello, "first_put is too large"};
    return Refusal::none;
  } catch (const Wrong& wrong) {
    why = wrong.why;
    return wrong.refusal;
  }
}

std::string to_json(const Welcome& welcome) {
  json object{{"broker", welcome.broker},
              {"host", welcome.host},
              {"durable", welcome.durable},
              {"max_attempts", welcome.max_attempts},
              {"put_received", welcome.put_received.value},
              {"feed_first", welcome.feed_first.value},
              {"previous_control", welcome.previous_control.value}};
  if (welcome.put_unknown > 0) object["put_unknown"] = welcome.put_unknown;
  if (!welcome.digests.empty()) object["digests"] = digests_to_json(welcome.digests);
  return dump(object);
}

bool parse(std::string_view text, Welcome& welcome) {
  return read_all([&] {
    const json object = object_from(text);
    welcome.broker = text_field(object, "broker", 200);
    welcome.host = text_field(object, "host", 255);
    welcome.durable = flag_field(object, "durable");
    welcome.max_attempts = number_field(object, "max_attempts", 0);
    welcome.put_received.value = number_field(object, "put_received", 0);
    welcome.put_unknown = number_field(object, "put_unknown", 0);
    welcome.feed_first.value = number_field(object, "feed_first", 1);
    welcome.previous_control.value = number_field(object, "previous_control", 0);
    if (object.contains("digests")) welcome.digests = digests_from_json(object["digests"]);
    const bool in_range = welcome.put_received < highest_first_put &&
                          welcome.feed_first.value > 0 && welcome.feed_first <= highest_first_put;
    if (!in_range) throw Wrong{Refusal::malformed, "its numbers are too large"};
  });
}

std::string to_json(const DeadNotice& notice) {
  json history = json::array();
  for (const auto& failure : notice.history)
    history.push_back(
        {{"consumer", failure.consumer}, {"why", failure.why}, {"ago_ms", failure.ago_ms}});
  return dump({{"item", notice.id.value},
               {"queue", notice.queue},
               {"body", notice.body},
               {"failures", notice.failures},
               {"history", history}});
}

bool parse(std::string_view text, DeadNotice& notice) {
  return read_all([&] {
    const json object = object_from(text);
    notice.id.value = number_field(object, "item", 0);
    notice.queue = text_field(object, "queue", max_queue_name);
    notice.body = text_field(object, "body", 1000);
    notice.failures = number_field(object, "failures", 0);
    for (const auto& failure : object.value("history", json::array())) {
      if (!failure.is_object()) throw Wrong{Refusal::malformed, "a failure must be an object"};
      notice.history.push_back({text_field(failure, "consumer", 1000),
                                text_field(failure, "why", 2 * max_reason),
                                static_cast<std::int64_t>(number_field(failure, "ago_ms", 0))});
    }
  });
}

std::string to_json(const RefusalNotice& notice) {
  return dump({{"code", name(notice.refusal)}, {"text", notice.text}});
}

bool parse(std::string_view text, RefusalNotice& notice) {
  return read_all([&] {
    const json object = object_from(text);
    notice.refusal = refusal_from(text_field(object, "code", 50));
    notice.text = text_field(object, "text", 1000);
  });
}

std::string to_json(const Alive& alive) {
  return dump({{"broker", alive.broker}, {"host", alive.host}});
}

bool parse(std::string_view text, Alive& alive) {
  return read_all([&] {
    const json object = object_from(text);
    alive.broker = text_field(object, "broker", max_client_name);
    alive.host = text_field(object, "host", 255);
  });
}

bool valid_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= max_queue_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '/';
         });
}

bool valid_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    const unsigned lead = *at++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || end - at < more) return false;
    // The first continuation byte excludes overlong forms, surrogates, > U+10FFFF.
    const unsigned second = *at;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    for (int i = 0; i < more; ++i)
      if ((*at++ & 0xc0) != 0x80) return false;
  }
  return true;
}

std::string_view cut_utf8(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (text[size] & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace baton::internal
