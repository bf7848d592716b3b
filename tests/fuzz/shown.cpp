// What is shown of a body, and of any other text that somebody else wrote.
#include <nlohmann/json.hpp>
#include <string>

#include "proto/body_name.hpp"
#include "proto/ensure.hpp"
#include "proto/greeting.hpp"
#include "proto/json_text.hpp"
#include "proto/visible.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::fuzz {
namespace {

using nlohmann::json;

bool is_quiet(std::string_view text) {
  if (!valid_utf8(text)) return false;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return false;
  for (const auto* loud : {"\u0080", "\u009f", "\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
                           "\u202a", "\u202e", "\u2066", "\u2069"})
    if (text.find(loud) != text.npos) return false;
  return true;
}

void check_visible(std::string_view text) {
  const auto seen = visible(text);
  ensure(is_quiet(seen) && visible(seen) == seen && seen.size() <= 4 * text.size());
  if (is_quiet(text) && text.find_first_not_of("\t abcxyz{}[]\":,.0123456789\\") == text.npos)
    ensure(seen == text);
}

int depth_of(const json& value) {
  int deepest = 0;
  if (value.is_structured())
    for (const auto& part : value) deepest = std::max(deepest, depth_of(part));
  return value.is_structured() ? deepest + 1 : 0;
}

/// What a parse into a tree says of it: the bytes are few, so it is not deep.
void check_body(std::string_view text, std::size_t size) {
  const auto name = name_of_body(text, size);
  ensure(is_quiet(name) && name.size() <= 6 * size + 3);
  if (text.find('\0') != text.npos) return;  // which the parser takes for the end
  const auto tree = json::parse(text, nullptr, false);
  const bool sound =
      !tree.is_discarded() && static_cast<std::size_t>(depth_of(tree)) <= max_json_depth;
  ensure(why_not_json(text).empty() == sound);
  if (!sound || !tree.is_object() || !tree.contains("name") || !tree["name"].is_string()) return;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (text[first] != '{') return;  // a byte order mark
  const auto whole = tree["name"].get<std::string>();
  ensure(name == (whole.size() > size ? visible(cut_utf8(whole, size)) + "..." : visible(whole)));
}

void check_shown(Script script) {
  const auto what = script.below(3);
  const auto size = script.below(256);
  const auto text = script.rest();
  if (what == 0) return check_visible(text);
  if (what == 1) return check_body(text, size);
  check_body(R"({"name":)" + std::string(text) + "}", size);
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::internal::fuzz::check_shown(
      baton::internal::fuzz::Script(baton::internal::fuzz::view_of(data, size)));
  return 0;
}
