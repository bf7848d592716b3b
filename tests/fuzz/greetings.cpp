// The JSON messages, and the text in them: what was understood is said and understood again as the
// same.
#include "proto/ensure.hpp"
#include "proto/greeting.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::fuzz {
namespace {

void check_hello(std::string_view text) {
  Hello hello, again;
  std::string why;
  if (parse(text, hello, why) != Refusal::none) return ensure(!why.empty());
  ensure(parse(to_json(hello), again, why) == Refusal::none && again == hello);
}

template <class Notice>
void check_notice(std::string_view text) {
  Notice notice, again;
  if (parse(text, notice)) ensure(parse(to_json(notice), again) && again == notice);
}

void check_text(std::string_view text) {
  if (const auto session = session_from_hex(text)) ensure(to_hex(*session) == text);
  if (const auto number = number_from_hex(text)) ensure(to_hex(*number) == text);
  if (valid_queue_name(text)) ensure(valid_utf8(text));
  if (const auto refusal = refusal_from(text); refusal != Refusal::none)
    ensure(name(refusal) == text);
  const auto half = text.size() / 2;
  const auto cut = cut_utf8(text, half);
  ensure(cut.size() <= half && text.starts_with(cut));
  if (valid_utf8(text)) ensure(valid_utf8(cut) && cut.size() + 3 >= half);
}

void check_greeting(Script script) {
  const auto what = script.below(5);
  const auto text = script.rest();
  switch (what) {
    case 0:
      return check_hello(text);
    case 1:
      return check_notice<Welcome>(text);
    case 2:
      return check_notice<DeadNotice>(text);
    case 3:
      return check_notice<RefusalNotice>(text);
    default:
      return check_text(text);
  }
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::internal::fuzz::check_greeting(
      baton::internal::fuzz::Script(baton::internal::fuzz::view_of(data, size)));
  return 0;
}
