// The small parts of the clients: addresses, input, item sets, what is carried over.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

#include "cli/input.hpp"
#include "cli/program.hpp"
#include "client/address_choice.hpp"
#include "client/carry_over.hpp"
#include "client/common.hpp"
#include "client/inbox.hpp"
#include "consumer/item_set.hpp"
#include "net/broker_address.hpp"
#include "os/wake.hpp"

using namespace baton::internal;

TEST_CASE("broker address: what is one, and what is not") {
  const std::vector<std::pair<std::string, std::string>> valid = {
      {"broker", "broker:5555"},
      {"broker:7000", "broker:7000"},
      {"10.0.0.1:1", "10.0.0.1:1"},
      {"[::1]:7000", "[::1]:7000"},
      {"[::1]", "[::1]:5555"},
      {"::1", "[::1]:5555"},
      {"fe80::1%eth0", "[fe80::1%eth0]:5555"},
      {"a.b-c.d:65531", "a.b-c.d:65531"}};
  for (const auto& valid_one : valid) {
    CAPTURE(valid_one.first);
    CHECK(to_string(parse_broker_address(valid_one.first)) == valid_one.second);
  }
  for (const auto* text : {"", ":5555", "broker:", "broker:0", "broker:65532", "broker:99999999999",
                           "broker:5x", "[::1", "[::1]7000", "tcp://broker", "[]:1", "two words"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_broker_address(text), std::invalid_argument);
  }
  const std::vector<std::pair<std::string, std::string>> mistaken = {
      {"", "the host is missing"},
      {"5555", "it is a port only; write HOST:5555, such as 127.0.0.1:5555"},
      {"tcp://x", "it is a URL; leave out 'tcp://'"},
      {"a:1:2", "it has more than one ':' and is not an IPv6 address"},
      {"x:99999", "the port must be 1 to 65531"}};
  for (const auto& [text, why] : mistaken)
    CHECK_THROWS_WITH(parse_broker_address(text),
                      ("'" + text + "' is not HOST[:PORT]: " + why).c_str());
  CHECK(to_tcp("::1", 7) == "tcp://[::1]:7");
}

TEST_CASE(
    "addresses: the one that answered stays, in its silence the others are tried, and it again in "
    "between") {
  const std::vector<std::string> two{"dead", "alive"}, four{"a", "b", "c", "d"};
  AddressChoice choice;
  CHECK(choice.next(two) == "dead");
  CHECK(choice.next(two) == "alive");
  for (int begun_anew = 0; begun_anew < 3; ++begun_anew) {
    choice.answered();
    CHECK(choice.next(two) == "alive");
  }
  for (int silences = 0; silences < 3; ++silences) {
    CHECK(choice.next(two) == "dead");
    CHECK(choice.next(two) == "alive");
  }
  CHECK(choice.next(four) == "a");  // the broker has moved
  CHECK(choice.next(four) == "b");
  choice.answered();
  for (const auto* address : {"b", "c", "b", "d", "b", "a", "b", "c"})
    CHECK(choice.next(four) == address);
}

TEST_CASE("addresses: of one there is no choice, of none nothing comes") {
  AddressChoice choice;
  CHECK(choice.next({}).empty());
  for (int opened = 0; opened < 3; ++opened) {
    CHECK(choice.next({"only"}) == "only");
    if (opened == 1) choice.answered();
  }
  CHECK(choice.next({}).empty());
  CHECK(choice.next({"only"}) == "only");
}

TEST_CASE("seconds: what is a range, and what is not") {
  CHECK(parse_sleep("0:10").max == 10);
  CHECK(parse_sleep("0.25:1.5").min == 0.25);
  CHECK(parse_sleep("2").min == 2);
  for (const auto* text :
       {"", ":", "1:", ":1", "2:1", "-1:1", "a:b", "1:2:3", "nan", "inf", "1 :2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_sleep(text), std::invalid_argument);
  }
  CHECK(parse_seconds("0.5") == 500ms);
  for (int i = 0; i < 100; ++i) {
    const auto drawn = parse_sleep("0.5:0.6").draw();
    CHECK((drawn >= 500ms && drawn <= 600ms));
  }
}

auto at(const char* where) {
  return [where] { return std::string(where); };
}

TEST_CASE("input: words become bodies") {
  const auto body = [](std::string text) {
    return body_of(std::move(text), Bodies::json, at("item 1"));
  };
  CHECK(body("Rick") == R"({"name":"Rick"})");
  CHECK(body(R"( {"id": 7})") == R"( {"id": 7})");
  CHECK(body("{}") == "{}");
  CHECK(body("[1,2]") == "[1,2]");
  CHECK(body_of("[1,2]", Bodies::text, at("")) == R"({"name":"[1,2]"})");
  CHECK(body_of(R"({"broken)", Bodies::text, at("")) == R"({"name":"{\"broken"})");
  CHECK(body_of("\xff{", Bodies::raw, at("")) == "\xff{");
  CHECK_THROWS_WITH_AS(body_of("\xff", Bodies::json, at("line 3")),
                       "line 3 is not UTF-8 (--raw sends the bytes as they are)", InputError);
}

TEST_CASE(
    "input: what begins as JSON does and is none is refused with the parser's words and the "
    "place") {
  const auto why = [](const std::string& text) -> std::string {
    try {
      return "put as " + body_of(text, Bodies::json, at("stdin: line 3"));
    } catch (const InputError& error) {
      return error.what();
    }
  };
  const std::string begins =
      "stdin: line 3 begins like JSON, but is not valid (--text puts it as text): ";
  for (const auto* text :
       {R"({"id":1e999})", R"({"name":"\ud800"})", "{'a':1}", "[", "[{\"id\":1},", "  {\"a\":1},",
        "{\"a\":1} {\"b\":2}", "{\"a\":NaN}", "{\"a\":\"tab\there\"}", "[1,]", "{"})
    CHECK_MESSAGE(why(text).starts_with(begins), text, ": ", why(text));
  CHECK(why("{'a':1}").find("at column 2: ") != std::string::npos);
  CHECK(why(std::string(100, '[') + std::string(100, ']')).starts_with("put as "));
  CHECK(why(std::string(100'000, '[')) == begins + "it is nested deeper than 100 levels");
}

TEST_CASE("input: UTF-16, NULs, byte order marks and blank lines") {
  const auto refused = [](std::string_view text, Bodies kind) { return why_no_lines(text, kind); };
  CHECK(refused({"\xff\xfeR\0i\0", 6}, Bodies::json).starts_with("is UTF-16, not UTF-8: "));
  CHECK(refused({"\xfe\xff\0R\0i", 6}, Bodies::text).starts_with("is UTF-16, not UTF-8: "));
  CHECK(refused({"R\0i\0c\0k\0", 8}, Bodies::json).starts_with("looks like UTF-16: "));
  CHECK(refused({"\1\0\0\0\2\0\0\0", 8}, Bodies::json).starts_with("has NUL bytes"));
  CHECK(refused({"a long line with a\0 in it", 25}, Bodies::json).starts_with("has NUL bytes: "));
  CHECK(refused({"photo\0", 6}, Bodies::raw) ==
        "has NUL bytes: it is not text (--whole puts a file as one item)");
  CHECK(refused("text \xff", Bodies::raw).empty());
  std::string line = "\xef\xbb\xbf\xef\xbb\xbftwo\r";
  trim(line);
  CHECK(line == "two");
  CHECK((is_blank("") && is_blank(" \t\r") && !is_blank(" x ")));
}

TEST_CASE("input: lines of a descriptor") {
  int pipe_fds[2], stop_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  REQUIRE(pipe(stop_fds) == 0);
  const std::string text = "one\n\ntwo\nhalf";
  REQUIRE(write(pipe_fds[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  LineReader reader(pipe_fds[0], stop_fds[0]);
  CHECK(reader.next() == "one");
  CHECK(reader.next() == "");
  CHECK(reader.next() == "two");
  CHECK(reader.number() == 3);
  SUBCASE("the last line needs no end") {
    close(pipe_fds[1]);
    CHECK(reader.next() == "half");
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.stopped());
  }
  SUBCASE("when stopped, half a line is no item") {
    close(stop_fds[1]);
    CHECK_FALSE(reader.next());
    CHECK(reader.stopped());
  }
}

TEST_CASE("input: who shares a descriptor that does not block waits for what comes") {
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  std::atomic<bool> done = false;
  std::thread thief([&] {  // takes what there is between another one's poll and read
    char byte;
    while (!done) static_cast<void>(!read(ends[0], &byte, 1));
  });
  std::thread writer([&] {
    for (int i = 0; i < 100'000; ++i) static_cast<void>(!write(ends[1], "x", 1));
    done = true;
    thief.join();
    static_cast<void>(!write(ends[1], "\nend\n", 5));
    close(ends[1]);
  });
  const Wake never_stopped;
  LineReader reader(ends[0], never_stopped.fd());
  std::string last;
  CHECK_NOTHROW([&] {
    while (const auto line = reader.next()) last = *line;
  }());
  CHECK(last == "end");
  writer.join();
  close(ends[0]);
}

TEST_CASE("input: a large line takes the buffer with it and what follows is there") {
  const std::vector<std::string> lines{"short", std::string(3u << 20, 'x'), "",
                                       std::string(1u << 20, 'y'), "end"};
  const auto file = std::tmpfile();
  REQUIRE(file);
  for (const auto& line : lines) std::fputs((line + "\n").c_str(), file);
  std::rewind(file);
  const Wake never_stopped;
  LineReader reader(fileno(file), never_stopped.fd());
  for (const auto& line : lines) CHECK(reader.next() == line);
  CHECK_FALSE(reader.next());
  CHECK(reader.number() == lines.size());
  std::fclose(file);
}

TEST_CASE("input: a line that is too long is named with its source") {
  const auto file = std::tmpfile();
  REQUIRE(file);
  const std::string text = "short\n" + std::string(max_body + 1, 'x');
  REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
  std::rewind(file);
  int stop_fds[2];
  REQUIRE(pipe(stop_fds) == 0);
  LineReader reader(fileno(file), stop_fds[0], "list.txt");
  CHECK(reader.next() == "short");
  CHECK(reader.place() == "list.txt: line 1");
  CHECK_THROWS_WITH_AS(reader.next(), "list.txt: line 2 is longer than 16777216 bytes", InputError);
  for (const int fd : stop_fds) close(fd);
  std::fclose(file);
}

TEST_CASE("item set: like std::set, over random work") {
  ItemSet set;
  std::set<ItemId> model;
  std::srand(7);
  for (int i = 0; i < 200'000; ++i) {
    const ItemId id{1 + static_cast<std::uint64_t>(std::rand()) % 300};
    if (std::rand() % 2 == 0)
      REQUIRE(set.insert(id) == model.insert(id).second);
    else
      REQUIRE(set.erase(id) == (model.erase(id) == 1));
    REQUIRE(set.contains(id) == (model.count(id) == 1));
  }
  CHECK(set.size() == model.size());
  const auto ids = set.ids();
  CHECK(std::set<ItemId>(ids.begin(), ids.end()) == model);
}

TEST_CASE("runs: sorted, merged, each once") {
  CHECK(to_runs({}).empty());
  CHECK(to_runs({{5}, {3}, {4}, {4}, {9}}) == std::vector<ItemRun>{{{3}, 3}, {{9}, 1}});
}

TEST_CASE("console: lines are led by the host where it is another") {
  const auto host = host_name();
  CHECK(console_block("a", HostTag::off, "elsewhere") == "a\n");
  CHECK(console_block("a\n", HostTag::automatic, host) == "a\n");
  CHECK(console_block("a\nb\n", HostTag::automatic, "elsewhere") ==
        "[" + host + "] a\n[" + host + "] b\n");
  CHECK(console_block("", HostTag::on, host) == "[" + host + "] \n");
}

TEST_CASE("inbox: entries of its kind, in order, with their numbers") {
  std::string payload;
  append_delivery(payload, {{1}, 0, 1, 4, "a"});
  append_block(payload, EntryKind::empty, {});
  append_delivery(payload, {{2}, 0, 1, 4, "b"});
  Inbox inbox(EntryKind::delivery);
  inbox.add(payload, {10}, 0);
  inbox.add(payload, {13}, 1);
  CHECK(inbox.size() == 3);
  Inbox::Taken taken;
  for (const std::uint64_t number : {10, 12, 15}) {
    REQUIRE(inbox.next(taken));
    CHECK(taken.number == SeqNo{number});
  }
  CHECK_FALSE(inbox.next(taken));
  CHECK(inbox.empty());
}

TEST_CASE(
    "inbox: a body that is apart may be swapped for another one, whose memory the next one gets") {
  std::string head;
  append_delivery(head, {{1}, 0, 1, 4, {}});
  Inbox inbox(EntryKind::delivery);
  inbox.add_apart(head, "a long body", {7}, 0);
  inbox.add_apart(head, {}, {8}, 0);
  Inbox::Taken taken;
  REQUIRE(inbox.next(taken));
  CHECK(taken.number == SeqNo{7});
  REQUIRE(taken.body != nullptr);
  std::string mine(1000, 'x');
  taken.body->swap(mine);
  CHECK(mine == "a long body");

  REQUIRE(inbox.next(taken));
  REQUIRE(taken.body != nullptr);
  CHECK(taken.body->empty());
  CHECK(inbox.take_large_buffer().capacity() >= 1000);

  std::string whole;
  append_delivery(whole, {{2}, 0, 1, 4, "b"});
  inbox.add(whole, {9}, 0);
  REQUIRE(inbox.next(taken));
  CHECK(taken.body == nullptr);
}
