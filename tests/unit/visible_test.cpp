// What others wrote, on its way to a log or a terminal.
#include "proto/visible.hpp"

#include <doctest/doctest.h>

#include <string>

#include "proto/body_name.hpp"
#include "proto/json_text.hpp"

using namespace baton::internal;
using namespace std::string_literals;

namespace {

struct Attack {
  const char* what;
  std::string text, seen;
};

}  // namespace

TEST_CASE("visible: what acts on a terminal or forges a line is shown instead") {
  const Attack attacks[] = {
      {"a line of its own", "x\nbaton-broker: all is well", "x\\nbaton-broker: all is well"},
      {"the line written over", "bad\rgood", "bad\\rgood"},
      {"characters taken back", "bad\b\b\bgood", "bad\\x08\\x08\\x08good"},
      {"a NUL", "a\0b"s, "a\\x00b"},
      {"colours, titles, the clipboard", "\x1b[31m \x1b]52;c;eA==\a",
       "\\x1b[31m \\x1b]52;c;eA==\\x07"},
      {"DEL", "a\x7f", "a\\x7f"},
      {"CSI in one character (C1)", "\xc2\x9b"s + "31m", "\\u009b31m"},
      {"the first and last of C1", "\xc2\x80 \xc2\x9f", "\\u0080 \\u009f"},
      {"NEL", "a\xc2\x85z", "a\\u0085z"},
      {"C1 as bytes, no UTF-8", "\x9b"s + "31m", "\\x9b31m"},
      {"overrides and embeddings", "\xe2\x80\xaa \xe2\x80\xae", "\\u202a \\u202e"},
      {"isolates", "\xe2\x81\xa6 \xe2\x81\xa9", "\\u2066 \\u2069"},
      {"marks", "\xe2\x80\x8e \xe2\x80\x8f \xd8\x9c", "\\u200e \\u200f \\u061c"},
      {"separators of lines and paragraphs", "\xe2\x80\xa8 \xe2\x80\xa9", "\\u2028 \\u2029"},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a",
       "\\ufeffa"},
      {"bytes that are no UTF-8", "\xff\xc3", "\\xff\\xc3"},
      {"an overlong newline", "\xc0\x8a", "\\xc0\\x8a"},
      {"half a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"a character that is cut off", "\xe2\x80", "\\xe2\\x80"},
      {"beyond all characters", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
  };
  for (const auto& attack : attacks) {
    CAPTURE(attack.what);
    CHECK(visible(attack.text) == attack.seen);
    CHECK(visible(attack.seen) == attack.seen);
  }
}

TEST_CASE("visible: what people write stays as it is") {
  const char* texts[] = {
      "",
      "Rick",
      "tab\there",
      "back\\slash",
      "Zo\xc3\xab \xc3\xa9\xc2\xa0\xe2\x82\xac",
      "\xe2\x80\x93 \xe2\x80\xaf \xe2\x81\xaa",  // neighbours of what acts
      "\xd8\xa7\xd9\x84\xd8\xb9 \xd7\x90",       // written from the right
      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9 \xef\xb8\x8f\xcc\x88",  // joined, combined
      "\xf4\x8f\xbf\xbf"};
  for (const std::string text : texts) CHECK(visible(text) == text);
}

TEST_CASE("name of a body: the name of a JSON object, else the body, in one bounded line") {
  const Attack bodies[] = {
      {"a name", R"({"name":"Rick"})", "Rick"},
      {"among others", R"( {"a":{"name":"no"},"name":"Rick","b":["name"]} )", "Rick"},
      {"twice", R"({"name":"Rick","name":"Morty"})", "Morty"},
      {"of another kind", R"({"name":{"b":[1,-2,2.50,true,null,"\"x",[],{}],"a":{"c":1}}})",
       R"({"b":[1,-2,2.50,true,null,"\"x",[],{}],"a":{"c":1}})"},
      {"a number", R"({"name":12})", "12"},
      {"nothing", R"({"name":null})", "null"},
      {"none", R"({"Name":"Rick"})", R"({"Name":"Rick"})"},
      {"no object", R"(["name"])", R"(["name"])"},
      {"no JSON", R"({"name":"Rick")", R"({"name":"Rick")"},
      {"two values", R"({"name":"Rick"} x)", R"({"name":"Rick"} x)"},
      {"a NUL", "{\"name\":\"Rick\"}\0x"s, R"({"name":"Rick"}\x00x)"},
      {"empty", "", ""},
      {"escapes", R"({"name":"\u001b[31m\nx\u202e"})", "\\x1b[31m\\nx\\u202e"},
      {"bytes", "\xff", "\\xff"},
      {"of twenty bytes", R"({"name":"12345678901234567890"})", "12345678901234567890"},
      {"of more", R"({"name":"123456789012345678901"})", "12345678901234567890..."},
      {"cut before a character", R"({"name":"1234567890123456789é"})", "1234567890123456789..."},
      {"a long list", R"({"name":[1111111111,2222222222,3333333333]})", "[1111111111,22222222..."},
  };
  for (const auto& body : bodies) {
    CAPTURE(body.what);
    const std::size_t size = body.seen.size() > 30 ? 200 : 20;
    CHECK(name_of_body(body.text, size) == body.seen);
  }
}

TEST_CASE("an excerpt is visible, and says how long the text is") {
  CHECK(excerpt("", 3) == "");
  CHECK(excerpt("a\0b"s, 3) == R"(a\x00b)");
  CHECK(excerpt("a\nbc", 3) == R"(a\nb... (4 bytes))");
  CHECK(excerpt("abé", 3) == "ab... (4 bytes)");
}

TEST_CASE("name of a body: neither depth nor length is the end of who shows it") {
  const std::string deep(100'000, '['), deep_object = [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "{\"name\":";
    return text;
  }();
  for (const auto& text :
       {deep, "{\"name\":" + deep + std::string(deep.size(), ']') + "}", deep_object,
        deep_object + "1" + std::string(100'000, '}'), std::string(16u << 20, '{')})
    CHECK(name_of_body(text, 20) == text.substr(0, 20) + "...");
  CHECK(name_of_body("{\"name\":\"Rick\",\"x\":\"" + std::string(10u << 20, 'x') + "\"}", 20) ==
        "Rick");
  const std::string levels(max_json_depth - 1, '[');
  CHECK(name_of_body("{\"name\":" + levels + std::string(levels.size(), ']') + "}", 20) ==
        levels.substr(0, 20) + "...");
}
