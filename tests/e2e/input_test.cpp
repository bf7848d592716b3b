// What a producer makes of its arguments, a file and its stdin; and the lines that consumers print
// of it.
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/baton.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

struct Pair {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer();
};

}  // namespace

TEST_CASE("input: words, JSON objects and raw bytes") {
  Pair pair;
  Process words =
      pair.broker.producer({"Rick", R"({"name":"Morty","age":14})", "two words", R"([1,2])"});
  CHECK(words.wait() == 0);
  CHECK(names(next_got(pair.printer, 4)) == Args{"Rick", "Morty", "two words", "[1,2]"});

  Process nameless = pair.broker.producer({R"({"id":7})"});
  CHECK(nameless.wait() == 0);
  CHECK(names(next_got(pair.printer, 1)) == Args{R"({"id":7})"});

  Process raw = pair.broker.producer({"--raw", "plain"});
  CHECK(raw.wait() == 0);
  CHECK(names(next_got(pair.printer, 1)) == Args{"plain"});
}

TEST_CASE("input: stdin, each line as it comes") {
  Pair pair;
  Process producer = pair.broker.producer({"-"});
  producer.write("first\n");
  CHECK(names(next_got(pair.printer, 1)) == Args{"first"});
  producer.write("{\"name\":\"second\"}\nthird without a newline");
  CHECK(names(next_got(pair.printer, 1)) == Args{"second"});
  producer.close_input();
  CHECK(names(next_got(pair.printer, 1)) == Args{"third without a newline"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("input: a byte order mark is no part of an item, also where files were joined") {
  const TemporaryFile items("\xef\xbb\xbf{\"name\":\"one\"}\n\xef\xbb\xbf{\"name\":\"two\"}\n");
  Pair pair;
  Process producer = pair.broker.producer({"--file", items.path()});
  CHECK(names(next_got(pair.printer, 2)) == Args{"one", "two"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("input: a file named - is stdin") {
  Pair pair;
  Process producer = pair.broker.producer({"--file", "-"});
  producer.write("first\n");
  producer.close_input();
  CHECK(producer.wait() == 0);
  CHECK(names(next_got(pair.printer, 1)) == Args{"first"});
}

TEST_CASE(
    "input: what is no text, or JSON that is none, is an error that names the line, and nothing of "
    "it is put") {
  Broker broker;
  const auto refused = [&](const std::string& content, const Args& more, const std::string& why) {
    const TemporaryFile file(content);
    Args args{"--file", file.path()};
    args.insert(args.end(), more.begin(), more.end());
    Process producer = broker.producer(args);
    CHECK(producer.wait() == 2);
    const auto said = producer.err().text();
    CAPTURE(said);
    CHECK(said.find(file.path() + ": line " + why) != said.npos);
    CHECK(producer.err().lines().size() == 1);
  };
  refused("{\"id\":1}\n{\"id\":1e999}\n", {}, "2 begins like JSON, but is not valid");
  refused("[\n  {\"id\": 1},\n  {\"id\": 2}\n]\n", {}, "1 begins like JSON, but is not valid");
  refused(std::string("\xff\xfeR\0i\0\n\0", 8), {}, "1 is UTF-16");
  refused(std::string("photo\nJFIF\0\nmore\n", 17), {"--raw"},
          "2 has NUL bytes: it is not text (--whole");
  Process printer = broker.printer(), consumer = broker.consumer();
  Process last = broker.producer({"last"});
  CHECK(names(next_got(printer, 2)) == Args{R"({"id":1})", "last"});
}

TEST_CASE("input: --text takes all as text, and lines of white space are none") {
  const TemporaryFile items("{'a':1}\n \t\r\n[1,2]\n");
  Pair pair;
  Process producer = pair.broker.producer({"--text", "--file", items.path(), "--wait"});
  CHECK(names(next_got(pair.printer, 2)) == Args{"{'a':1}", "[1,2]"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("input: --whole puts each file as one item") {
  const std::string photo("\xff\xd8\n\0JFIF\n\n", 10);
  const TemporaryFile file(photo), other("two\nlines\n");
  const Broker broker;
  Process producer = broker.producer({"--whole", file.path(), "-", other.path()});
  producer.write("from\nstdin");
  producer.close_input();
  CHECK(producer.wait() == 0);
  Consumer consumer(consumer_of(broker));
  for (const auto& body : {photo, std::string("from\nstdin"), std::string("two\nlines\n")}) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    CHECK(item->body() == body);
    item->ack();
  }
  const TemporaryFile large(std::string((16u << 20) + 1, 'x'));
  Process refused = broker.producer({"--whole", file.path(), large.path()});
  CHECK(refused.wait() == 2);
  CHECK(refused.err().text() ==
        "baton-producer: " + large.path() + " is longer than 16777216 bytes\n");
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("input: a file that is cut off while it is read is an error that says what went in") {
  std::string lines;
  for (int i = 0; i < 40'000; ++i) lines += "line " + std::to_string(i) + "\n";
  const TemporaryFile file(lines);
  Broker broker;
  Process consumer = broker.consumer({"--count", "1"});
  Process producer = broker.producer({"--file", file.path(), "--sleep", "0.0001"});
  CHECK(consumer.wait() == 0);  // it is being read
  std::filesystem::resize_file(file.path(), 10);
  CHECK(producer.wait() == 2);
  CHECK(producer.err().next_with("became shorter while it was read; the "));
}

TEST_CASE("input: --whole puts no file that is written meanwhile") {
  const TemporaryFile file("");
  const std::string content(4 << 20, 'x');
  Broker broker({"--memory"});
  Process consumer = broker.consumer();
  std::atomic<bool> over = false;
  std::thread writer([&] {
    while (!over) std::ofstream(file.path(), std::ios::binary | std::ios::trunc) << content;
  });
  bool refused = false;  // where it is not written just then it is put
  for (int i = 0; i < 300 && !refused; ++i) {
    Process producer = broker.producer({"--whole", file.path(), file.path(), file.path()});
    refused = producer.wait() == 2 &&
              producer.err().next_with("was changed while it was read; the ").has_value();
  }
  over = true;
  writer.join();
  CHECK(refused);
}

TEST_CASE(
    "input: a FIFO is read as a file is and who waits for somebody to write to it can be stopped") {
  const TemporaryFile fifo("");
  std::filesystem::remove(fifo.path());
  REQUIRE(mkfifo(fifo.path().c_str(), 0600) == 0);
  const Broker broker;
  Process writer({"/bin/bash", "-c", "printf 'two\\nlines' > " + fifo.path()});
  CHECK(broker.producer({"--whole", fifo.path()}).wait() == 0);
  CHECK(writer.wait() == 0);
  Consumer consumer(consumer_of(broker));
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  CHECK(item->body() == "two\nlines");
  item->ack();
  Process producer = broker.producer({"a", "--file", fifo.path()});
  const auto first = consumer.try_get(soon);
  REQUIRE(first);  // so it has come to the file
  producer.signal(SIGTERM);
  CHECK(producer.wait() == 1);
  CHECK(producer.err().text().find("stopped after 1 item") != std::string::npos);
}

TEST_CASE("input: closed standard streams are empty ones, but not where stdin is to be read") {
  Pair pair;
  const auto closed = [&](const std::string& program, const std::string& how) {
    return Process(
        {"/bin/bash", "-c",
         "exec " + program_path(program) + " --broker " + pair.broker.address() + " " + how});
  };
  Process no_input = closed("baton-producer", "- <&-");
  CHECK(no_input.wait() == 2);
  CHECK(no_input.err().text() == "baton-producer: stdin is closed: there is nothing to read\n");
  Process no_streams = closed("baton-producer", "a <&- >&- 2>&-");
  CHECK(no_streams.wait() == 0);
  CHECK(names(next_got(pair.printer, 1)) == Args{"a"});
  Process consumer = closed("baton-consumer", "--count 1 <&- >&- 2>&-");
  require_started(pair.printer, "consumer", {consumer.pid()});
  pair.consumer.signal(SIGTERM);
  CHECK(pair.consumer.wait() == 0);
  Process producer = pair.broker.producer({"b"});
  CHECK(names(next_got(pair.printer, 1)) == Args{"b"});
  CHECK(consumer.wait() == 0);
}

TEST_CASE("input: a file, one item a line") {
  const TemporaryFile items("one\n{\"name\":\"two\"}\nthree\n");
  Pair pair;
  Process producer = pair.broker.producer({"--file", items.path(), "--wait"});
  CHECK(names(next_got(pair.printer, 3)) == Args{"one", "two", "three"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("input: invalid UTF-8 is an error that names the line, unless the bytes are wanted raw") {
  const TemporaryFile items("fine\nalso fine\nbad \xff\xfe\nnever\n");
  Broker broker;
  Process producer = broker.producer({"--file", items.path()});
  CHECK(producer.wait() == 2);
  const std::string said = producer.err().text();
  CAPTURE(said);
  CHECK(said.find("UTF-8") != said.npos);
  CHECK(said.find("line 3") != said.npos);
  CHECK(said.find("; the 2 items before it were put") != said.npos);
  CHECK(producer.err().lines().size() == 1);

  Process raw = broker.producer({"--raw", "--queue", "raw", "--file", items.path()});
  CHECK(raw.wait() == 0);
  Process printer = broker.printer();
  CHECK(printer.out().next_with("Producer " + std::to_string(producer.pid()) + " exiting..."));
  Process consumer = broker.consumer({"--queue", "raw"});
  const auto got = names(next_got(printer, 4));
  REQUIRE(got.size() == 4);
  CHECK(got[1] == "also fine");
  CHECK(got[3] == "never");
}

TEST_CASE("input: a consumer shows the beginning of a long name, and the item is done") {
  const std::string longest(2u << 20, 'x');
  const TemporaryFile items(longest + "\n");
  Pair pair;
  Process producer = pair.broker.producer({"--file", items.path(), "--wait"});
  CHECK(names(next_got(pair.printer, 1)) == Args{longest.substr(0, 200) + "..."});
  CHECK(producer.wait() == 0);
}

TEST_CASE("input: a consumer ends after as many items as it was told to get") {
  Broker broker;
  Process printer = broker.printer();
  Process producer = broker.producer({"a", "b", "c", "d", "e"});
  CHECK(producer.wait() == 0);
  Process three = broker.consumer({"--count", "3", "--prefetch", "10"});
  CHECK(three.wait() == 0);
  Process two = broker.consumer({"--count", "2"});
  CHECK(two.wait() == 0);
  CHECK(names(next_got(printer, 5)) == Args{"a", "b", "c", "d", "e"});
}

TEST_CASE("input: --tag leads each line with the host") {
  Broker broker;
  Process printer = broker.printer();
  Process producer = broker.producer({"--tag", "Rick"});
  const auto line = printer.out().next();
  REQUIRE(line);
  CAPTURE(line->text);
  CHECK(line->text.starts_with("["));
  CHECK(line->text.find("] Starting producer => " + std::to_string(producer.pid())) !=
        std::string::npos);
}

TEST_CASE("input: jobs work side by side in one consumer") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer({"--jobs", "3", "--work", "60:60"});
  Process producer = broker.producer({"a", "b", "c", "d"});
  CHECK(next_got(printer, 3).size() == 3);
  CHECK_FALSE(printer.out().next_with(" got ", 200ms));
}
