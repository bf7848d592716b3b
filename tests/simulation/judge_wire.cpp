#include "tests/simulation/judge.hpp"

namespace baton::simulation {

// --- asks --------------------------------------------------------------------------------------------------------

void AskJudge::control_sent(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none || header.type != MessageType::control) return;
  require(check_entries(header.type, payload_of(frame), header.count) == Refusal::none, "clients send valid entries");
  auto& asker = askers_[header.session];
  EntryReader in(payload_of(frame));
  Entry entry;
  for (auto number = header.number; in.next(entry); number += 1) {
    if (number != asker.next) continue;  // sent again
    asker.next += 1;
    if (entry.kind == EntryKind::ask) asker.asked = std::max(asker.asked, read_ask(entry));
    if (entry.kind != EntryKind::lane_lost || read_lane_lost(entry).generation != asker.generation) continue;
    ++asker.generation;
    asker.asked = read_lane_lost(entry).wanted;
    asker.answered = 0;
  }
}

void AskJudge::answered(const SessionId& session, std::uint32_t generation, std::uint32_t count) {
  auto& asker = askers_[session];
  if (generation != asker.generation) return;  // the consumer has given that lane up
  asker.answered += count;
  require(asker.answered <= asker.asked, "on demand: nothing is handed off that was not asked for");
}

// --- the console -------------------------------------------------------------------------------------------------

std::string ConsoleJudge::say(const std::string& sayer, const std::string& text) {
  const auto count = ++said_[sayer];
  auto block = sayer + "#" + std::to_string(count) + " " + text + "\n";
  texts_[sayer].push_back(block);
  return block;
}

void ConsoleJudge::printed(const std::string& printer, std::uint64_t number, std::string_view block,
                           std::uint64_t missing) {
  const auto [at, fresh] = log_.emplace(number, block);
  require(fresh || at->second == block, "all printers print the same");
  auto& last = last_[printer];
  require(number > last, "a printer prints each block once, in order");
  require(last == 0 || number == last + missing + 1, "a printer says how many blocks are missing");
  last = number;
}

void ConsoleJudge::check_end(bool complete) const {
  std::map<std::string, std::uint64_t> heard;
  std::uint64_t last = 0;
  for (const auto& [number, block] : log_) {
    require(!complete || number == last + 1, "every block is printed: " + std::to_string(last + 1));
    last = number;
    const auto mark = block.find('#');
    if (mark == std::string::npos) continue;
    const auto sayer = block.substr(0, mark);
    const auto count = std::stoul(block.substr(mark + 1));
    const auto& texts = texts_.at(sayer);
    require(count <= texts.size() && texts[count - 1] == block, "blocks are printed as they were said");
    auto& before = heard[sayer];
    require(complete ? count == before + 1 : count > before, "blocks of " + sayer + " are printed once, in order");
    before = count;
  }
  require(!log_.empty() && log_.rbegin()->second == "Parent process exiting...\n", "the parent has the last word");
  for (const auto& sayer : ended_)
    require(!complete || said_.count(sayer) == 0 || heard[sayer] == said_.at(sayer),
            "all that " + sayer + " said is printed");
}

}  // namespace baton::simulation
