#include "tests/support/baton.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "tests/support/loopback.hpp"

namespace baton::internal::e2e {
namespace {

constexpr std::string_view ready_at = "ready on ";

// "127.1.2.3:PORT" of "baton-broker ready on 127.1.2.3:PORT, items in memory".
std::string address_in(const Line& line) {
  const auto begin = line.text.find(ready_at) + ready_at.size();
  return line.text.substr(begin, line.text.find(',', begin) - begin);
}

bool names(const Args& args, const char* option) {
  return std::find(args.begin(), args.end(), option) != args.end();
}

Args with_defaults(Args args) {
  if (!names(args, "--bind")) args.insert(args.end(), {"--bind", loopback()});
  if (!names(args, "--port")) args.insert(args.end(), {"--port", "0"});
  if (!names(args, "--data")) args.push_back("--memory");
  return args;
}

}  // namespace

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* wanted = getenv(variable);
  return wanted != nullptr ? std::stoull(wanted) : otherwise;
}

std::string program_path(const std::string& program) {
  const char* bin = getenv("BATON_BIN");
  return std::string(bin != nullptr ? bin : BATON_BIN) + "/" + program;
}

Process start(const std::string& program, const Args& args, const Args& under) {
  Args argv = under;
  argv.push_back(program_path(program));
  argv.insert(argv.end(), args.begin(), args.end());
  return Process(argv);
}

Broker::Broker(const Args& args, const Args& under)
    : process_(start("baton-broker", with_defaults(args), under)) {
  const auto ready = process_.out().next_with(ready_at);
  REQUIRE_MESSAGE(ready, "the broker is not ready: ", process_.err().text());
  address_ = address_in(*ready);
}

void Broker::reach_through(const std::string& host) { address_ = host + ":" + port(); }

Process Broker::client(const std::string& program, Args args) const {
  args.insert(args.begin(), {"--broker", address_});
  return start(program, args);
}

Got parse_got(const Line& line) {
  const auto space = line.text.find(" got ");
  if (space == std::string::npos || line.text.find_first_not_of("0123456789") != space) return {};
  return {std::stoi(line.text), line.text.substr(space + 5), line.at};
}

std::vector<Got> next_got(Process& printer, std::size_t count, Clock::duration within) {
  const auto deadline = Clock::now() + within;
  std::vector<Got> all;
  while (all.size() < count) {
    const auto line = printer.out().next_with(" got ", deadline - Clock::now());
    if (!line) break;
    all.push_back(parse_got(*line));
  }
  return all;
}

std::vector<std::string> names(const std::vector<Got>& got) {
  std::vector<std::string> all;
  all.reserve(got.size());
  for (const Got& one : got) all.push_back(one.name);
  return all;
}

void require_started(Process& printer, std::string_view role, const std::vector<pid_t>& pids) {
  std::set<std::string> missing;
  for (const pid_t pid : pids)
    missing.insert("Starting " + std::string(role) + " => " + std::to_string(pid));
  while (!missing.empty()) {
    const auto line = printer.out().next();
    REQUIRE_MESSAGE(line, "not said: ", *missing.begin());
    missing.erase(line->text);
  }
}

TemporaryFile::TemporaryFile(std::string_view content)
    : path_(std::filesystem::temp_directory_path() / "baton-e2e-XXXXXX") {
  std::string name = path_;
  const int fd = mkstemp(name.data());
  path_ = name;
  while (fd >= 0 && !content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  close(fd);
  REQUIRE_MESSAGE(content.empty(), "cannot write ", name);
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove(path_); }

TemporaryDirectory::TemporaryDirectory()
    : path_(std::filesystem::temp_directory_path() / "baton-e2e-XXXXXX") {
  std::string name = path_;
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

Clock::duration median(std::vector<Clock::duration> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace baton::internal::e2e
