#include <algorithm>

#include "tests/simulation/judge.hpp"

namespace baton::internal::simulation {
namespace {

constexpr std::string_view last_word = "Parent process exiting...\n";

/// The count in "SAYER#COUNT ..."; 0 in what is no writer's.
std::uint64_t count_of(std::string_view block, std::string& writer) {
  const auto mark = block.find('#');
  if (mark == std::string_view::npos) return 0;
  writer = block.substr(0, mark);
  return std::stoul(std::string(block.substr(mark + 1)));
}

/// Numbers that it takes.
std::uint64_t parts_of(std::string_view block) {
  return (block.size() + print_part_bytes - 1) / print_part_bytes;
}

}  // namespace

std::string ConsoleJudge::print(const std::string& writer, const std::string& text) {
  auto& texts = texts_[writer];
  texts.push_back(writer + "#" + std::to_string(texts.size() + 1) + " " + text + "\n");
  return texts.back();
}

void ConsoleJudge::sent(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none || header.type != MessageType::control) return;
  EntryReader in(payload_of(frame));
  auto& lines = lines_[header.session];
  Entry entry;
  std::string writer;
  for (auto number = header.number; in.next(entry); number += 1) {
    if (entry.kind != EntryKind::print) continue;
    const auto printed = read_print(entry);
    const auto before = lines.find({number.value - 1});
    const bool continues = before != lines.end() && before->second.goes_on;
    lines[number] = {continues ? before->second.count : count_of(printed.block, writer),
                     printed.goes_on};
  }
}

void ConsoleJudge::confirmed(const std::string& writer, const SessionId& session, SeqNo number) {
  const auto& lines = lines_[session];
  auto& up_to = confirmed_up_to_[session];
  for (auto next = lines.upper_bound(up_to); next != lines.end(); ++next) {
    const auto& [at, line] = *next;
    if (at > number) break;
    PROMISE(at < number || !line.goes_on, "a block is confirmed when it is whole");
    if (!line.goes_on) confirmed_[writer] = std::max(confirmed_[writer], line.count);
  }
  up_to = std::max(up_to, number);
}

void ConsoleJudge::stands(const std::string& writer, Life life) {
  confirmed_before_.emplace(std::pair{writer, life}, confirmed_[writer]);
}

void ConsoleJudge::printed(const std::string& printer, Life life, const ConsoleBlock& block) {
  const auto first = block.number.value + 1 - parts_of(block.text);
  const auto [at, fresh] = logs_[life].emplace(first, block.text);
  PROMISE(fresh || at->second == block.text, "all printers print the same");
  auto& last = last_[{printer, life}];
  PROMISE(first > last, "a printer prints each block once, in order");
  PROMISE(last == 0 || first == last + block.missing + block.passed + 1,
          "a printer says how many blocks are missing");
  PROMISE(!all_ || last == 0 || block.missing == 0, "a printer that reads misses nothing");
  last = block.number.value;
  printed_once(printer, life, block.text);
}

void ConsoleJudge::told(Life life, const Header& header, std::string_view payload) {
  EntryReader in(payload);
  auto& log = told_[life];
  Entry entry;
  for (auto number = header.number.value; in.next(entry); ++number) {
    if (entry.kind != EntryKind::line) continue;
    const auto line = read_line(entry);
    const auto before = log.find(number - 1);
    const bool continues = before != log.end() && before->second.goes_on;
    log[number] = {continues ? before->second.text : std::string(line.block), line.goes_on};
  }
}

/// Whether a printer may have left it out, as it had printed it for an earlier broker.
bool ConsoleJudge::passed(Life life, std::uint64_t number) const {
  const auto log = told_.find(life);
  if (log == told_.end()) return false;
  const auto found = log->second.find(number);
  std::string writer;
  const auto count = found == log->second.end() ? 0 : count_of(found->second.text, writer);
  return count > 0 && printed_before(life, writer, count);
}

/// What a writer says again to another broker, a printer that has printed it leaves out.
void ConsoleJudge::printed_once(const std::string& printer, Life life, std::string_view block) {
  std::string writer;
  const auto count = count_of(block, writer);
  if (count == 0) return PROMISE(block == last_word, "what is printed was said");
  auto& seen = seen_[{printer, writer}];
  PROMISE(count > seen,
          "a printer prints each line once, over the broker's crashes, too: " + std::string(block));
  seen = count;
  first_in_.emplace(std::pair{writer, count}, life);
}

bool ConsoleJudge::printed_before(Life life, const std::string& writer, std::uint64_t count) const {
  const auto found = first_in_.find({writer, count});
  return found != first_in_.end() && found->second < life;
}

/// In a broker's log each line is once, in its writer's order; what an earlier broker had confirmed
/// is not said again, what it had not is.
void ConsoleJudge::check(Life life, const Log& log, bool complete,
                         std::map<std::string, std::uint64_t>& heard) const {
  std::uint64_t last = 0;
  for (const auto& [number, block] : log) {
    while (number > last + 1 && passed(life, last + 1)) ++last;
    PROMISE(!complete || number == last + 1, "every block is printed: " + std::to_string(last + 1));
    complete = complete && number == last + 1;
    last = number + parts_of(block) - 1;
    std::string writer;
    const auto count = count_of(block, writer);
    if (count == 0) continue;
    const auto& texts = texts_.at(writer);
    PROMISE(count <= texts.size() && texts[count - 1] == block,
            "blocks are printed as they were said");
    const auto known = confirmed_before_.find({writer, life});
    const auto confirmed = known == confirmed_before_.end() ? 0 : known->second;
    auto& before = heard.emplace(writer, confirmed).first->second;
    while (count > before + 1 && printed_before(life, writer, before + 1)) ++before;
    PROMISE(complete ? count == before + 1 : count > before,
            "blocks of " + writer + " are printed once, in order");
    before = count;
  }
}

void ConsoleJudge::check_end(Life last, bool complete) const {
  std::map<std::string, std::uint64_t> heard;
  for (const auto& [life, log] : logs_) {
    heard.clear();
    check(life, log, complete && life == last, heard);
  }
  const auto log = logs_.find(last);
  PROMISE(log != logs_.end() && log->second.rbegin()->second == last_word,
          "the parent has the last word");
  for (const auto& [writer, life] : ended_) {
    const auto texts = texts_.find(writer);
    if (!complete || life != last || texts == texts_.end()) continue;
    const auto known = confirmed_before_.find({writer, life});
    const auto before = known == confirmed_before_.end() ? 0 : known->second;
    auto printed = std::max(heard[writer], before);
    while (printed_before(life, writer, printed + 1)) ++printed;
    PROMISE(printed == texts->second.size(), "all that " + writer + " said is printed");
  }
}

}  // namespace baton::internal::simulation
