#include "proto/greeting.hpp"

#include <doctest/doctest.h>

namespace baton::internal::test {
namespace {

Refusal refusal_of(std::string_view json) {
  Hello hello;
  std::string why;
  const auto refusal = parse(json, hello, why);
  CHECK((refusal == Refusal::none) == why.empty());
  return refusal;
}

std::string consumer(const std::string& more) {
  return R"({"role":"consumer","queues":["a"])" + more + "}";
}
std::string producer(const std::string& more) {
  return R"({"role":"producer","name":"p","queues":["a"])" + more + "}";
}
std::string quoted(std::size_t size) { return '"' + std::string(size, 'x') + '"'; }

std::string queues(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) list += (i > 0 ? ",\"q" : "\"q") + std::to_string(i) + '"';
  return R"({"role":"consumer","queues":[)" + list + "]}";
}

}  // namespace

TEST_CASE("hellos that are valid") {
  for (const auto& json : {
           std::string(R"({"role":"printer"})"),
           consumer(""),
           consumer(R"(,"a field of a later version":{"x":[1]})"),
           consumer(R"(,"deep":[{"a":[[[[1]],{"b":[[2]]}]]}],"pid":7)"),
           consumer(R"(,"name":)" + quoted(max_client_name)),
           consumer(R"(,"host":)" + quoted(255)),
           consumer(R"(,"pid":18446744073709551615)"),
           consumer(R"(,"name":"\u00e4 \ud83d\ude00")"),
           consumer(R"(,"process":"0000000000000001")"),
           consumer(R"(,"reclaims":0)"),
           consumer(R"(,"reclaims":65536)"),
           consumer(R"(,"previous":{"broker_instance":"00000000000000ff",)"
                    R"("session":"000102030405060708090a0b0c0d0e0f"})"),
           producer(R"(,"first_put":1)"),
           producer(R"(,"first_put":4611686018427387904)"),
           queues(static_cast<int>(max_queues)),
       }) {
    CAPTURE(json);
    CHECK(refusal_of(json) == Refusal::none);
  }
}

TEST_CASE("hellos that are refused") {
  struct Row {
    std::string json;
    Refusal refusal;
  };
  for (const auto& row : std::vector<Row>{
           {"", Refusal::malformed},
           {"{", Refusal::malformed},
           {"[]", Refusal::malformed},
           {"7", Refusal::malformed},
           {"{} x", Refusal::malformed},
           {std::string(60'000, '['), Refusal::malformed},
           {consumer(R"(,"deep":[[[[[[1]]]]]})"), Refusal::malformed},
           {std::string(max_hello, ' ') + "{}", Refusal::too_large},
           {"{}", Refusal::hello},
           {R"({"role":"king"})", Refusal::hello},
           {R"({"role":7})", Refusal::hello},
           {R"({"role":"producer","queues":["a"]})", Refusal::hello},
           {R"({"role":"producer","name":"p"})", Refusal::hello},
           {R"({"role":"producer","name":"p","queues":["a","b"]})", Refusal::hello},
           {R"({"role":"consumer"})", Refusal::hello},
           {R"({"role":"consumer","queues":"a"})", Refusal::hello},
           {R"({"role":"consumer","queues":[""]})", Refusal::queue_name},
           {R"({"role":"consumer","queues":[7]})", Refusal::queue_name},
           {R"({"role":"consumer","queues":["a b"]})", Refusal::queue_name},
           {queues(static_cast<int>(max_queues) + 1), Refusal::hello},
           {consumer(R"(,"name":)" + quoted(max_client_name + 1)), Refusal::hello},
           {consumer(R"(,"host":)" + quoted(256)), Refusal::hello},
           {consumer(R"(,"pid":-1)"), Refusal::hello},
           {consumer(R"(,"pid":1.5)"), Refusal::hello},
           {consumer(R"(,"process":"x")"), Refusal::hello},
           {consumer(R"(,"named":1)"), Refusal::hello},
           {consumer(R"(,"previous":"x")"), Refusal::hello},
           {consumer(R"(,"previous":{"broker_instance":"ff","session":"00"})"), Refusal::hello},
           {consumer(R"(,"previous":{"broker_instance":"0000000000000000",)"
                     R"("session":"000102030405060708090a0b0c0d0e0f"})"),
            Refusal::hello},
           {consumer(R"(,"previous":{"broker_instance":"00000000000000ff",)"
                     R"("session":"00000000000000000000000000000000"})"),
            Refusal::hello},
           {consumer(R"(,"process":"0000000000000000")"), Refusal::hello},
           {consumer(R"(,"instance":"0000000000000000")"), Refusal::hello},
           {consumer(R"(,"instance":"")"), Refusal::hello},
           {producer(R"(,"run":"00000000000000000000000000000000")"), Refusal::hello},
           {consumer(R"(,"name":"a\u0000b")"), Refusal::hello},
           {consumer(R"(,"name":"a\tb")"), Refusal::hello},
           {consumer(R"(,"name":"\ufeffb")"), Refusal::hello},
           {consumer(R"(,"name":"\u202eb")"), Refusal::hello},
           {consumer(R"(,"client":"\u001b[31m")"), Refusal::hello},
           {consumer(R"(,"host":"a\nb")"), Refusal::hello},
           {consumer(R"(,"reclaims":[])"), Refusal::hello},
           {consumer(R"(,"reclaims":-1)"), Refusal::hello},
           {consumer(R"(,"reclaims":65537)"), Refusal::hello},
           {producer(R"(,"first_put":0)"), Refusal::hello},
           {producer(R"(,"first_put":4611686018427387905)"), Refusal::hello},
       }) {
    CAPTURE(row.json.substr(0, 200));
    CHECK(refusal_of(row.json) == row.refusal);
  }
}

TEST_CASE("a hello goes there and back") {
  Hello sent;
  sent.role = Role::consumer;
  sent.client = "test 1";
  sent.name = "n\xc3\xa4me";
  sent.named = true;
  sent.host = "h";
  sent.pid = 7;
  sent.process = 12;
  sent.queues = {"a", "b/c"};
  sent.first_put = {8};
  sent.feed_position = {9};
  sent.previous = Previous{{10}, random_session()};
  sent.reclaims = 11;
  Hello got;
  std::string why;
  REQUIRE(parse(to_json(sent), got, why) == Refusal::none);
  CHECK(to_json(got) == to_json(sent));
  CHECK(got.previous->session == sent.previous->session);
  CHECK(got.reclaims == sent.reclaims);
  CHECK(got.process == sent.process);
}

TEST_CASE("a queue that is named twice is one queue") {
  Hello hello;
  std::string why;
  REQUIRE(parse(R"({"role":"consumer","queues":["a","b","a"]})", hello, why) == Refusal::none);
  CHECK(hello.queues == std::vector<std::string>{"a", "b"});
}

TEST_CASE("welcomes, refusals and notices: unknown fields are left alone, wrong ones refused") {
  Welcome welcome;
  CHECK(parse(R"({"put_received":7,"later":1})", welcome));
  CHECK(welcome.put_received == SeqNo{7});
  CHECK(welcome.feed_first == SeqNo{1});
  CHECK(!parse(R"({"put_received":"7"})", welcome));
  CHECK(!parse("x", welcome));

  RefusalNotice refusal;
  CHECK(parse(R"({"code":"fenced","text":"t","later":1})", refusal));
  CHECK(refusal.refusal == Refusal::fenced);
  CHECK(!parse(R"({"code":7})", refusal));

  DeadNotice notice;
  CHECK(parse(R"({"item":7,"history":[{"why":"w"}],"later":1})", notice));
  CHECK(notice.history.size() == 1);
  CHECK(!parse(R"({"item":7,"history":[7]})", notice));
  CHECK(!parse(R"({"item":7,"history":7})", notice));
}

TEST_CASE(
    "a welcome whose numbers cannot be is refused: what follows from them could not be said") {
  Welcome welcome;
  CHECK(parse(R"({"put_received":4611686018427387903})", welcome));
  CHECK(!parse(R"({"put_received":4611686018427387904})", welcome));
  const auto digests = [&](const std::string& list) {
    return parse(R"({"digests":)" + list + "}", welcome);
  };
  const std::string digest = "\"" + std::string(32, 'a') + "\"";
  CHECK(digests("[[1," + digest + "],[2," + digest + "]]"));
  CHECK(welcome.digests.size() == 2);
  const std::vector<std::string> wrong_ones{"7",
                                            "[7]",
                                            "[[1]]",
                                            "[[0," + digest + "]]",
                                            "[[1,\"aa\"]]",
                                            "[[2," + digest + "],[2," + digest + "]]"};
  for (const auto& wrong : wrong_ones) CHECK_MESSAGE(!digests(wrong), wrong);
  CHECK(!parse(R"({"feed_first":0})", welcome));
}

TEST_CASE("a notice of a body that is not text stays JSON") {
  DeadNotice got;
  REQUIRE(parse(to_json(DeadNotice{{7}, "q", "\xff\x01", 1, {{"c", "\xff", 5}}}), got));
  CHECK(got.body == "\xef\xbf\xbd\x01");
  CHECK(got.history[0].ago_ms == 5);
}

TEST_CASE("every refusal has a name that leads back to it") {
  for (std::size_t i = 1; i < refusal_count; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    CHECK(refusal_from(name(refusal)) == refusal);
    CHECK(!meaning(refusal).empty());
  }
  CHECK(refusal_from("of a later version") == Refusal::none);
}

TEST_CASE("queue names") {
  for (const auto& good :
       {std::string("a"), std::string("A.b_c-d/0"), std::string(max_queue_name, 'x')})
    CHECK(valid_queue_name(good));
  for (const auto& bad :
       {std::string(), std::string(max_queue_name + 1, 'x'), std::string("a b"),
        std::string("\xc3\xa4"), std::string("a\0", 2), std::string("a\n"), std::string("a:b")})
    CHECK(!valid_queue_name(bad));
}

TEST_CASE("UTF-8") {
  for (const auto* good :
       {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"}) {
    CAPTURE(good);
    CHECK(valid_utf8(good));
  }
  for (const auto* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf",
                          "\xe0\xa0", "\xed\xa0\x80", "\xef\xbf\x41", "\xf0\x8f\xbf\xbf",
                          "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    CAPTURE(bad);
    CHECK(!valid_utf8(bad));
  }
}

TEST_CASE("UTF-8 is cut between characters") {
  CHECK(cut_utf8("abc", 3) == "abc");
  CHECK(cut_utf8("abcd", 3) == "abc");
  CHECK(cut_utf8("ab\xc3\xa9", 3) == "ab");
  CHECK(cut_utf8("\xf0\x9f\x90\x8d", 3) == "");
}

TEST_CASE("ids as hexadecimal") {
  CHECK(to_hex(std::uint64_t{0x9c41d07be2a35f18}) == "9c41d07be2a35f18");
  CHECK(number_from_hex("9c41d07be2a35f18") == 0x9c41d07be2a35f18);
  const auto id = random_session();
  CHECK(session_from_hex(to_hex(id)) == id);
  CHECK(random_session() != id);
  for (const auto* bad :
       {"", "9c41d07be2a35f1", "9c41d07be2a35f188", "9C41d07be2a35f18", "9c41d07be2a35f1g"})
    CHECK(!number_from_hex(bad));
}

}  // namespace baton::internal::test
