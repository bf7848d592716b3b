#include "tests/torture/account.hpp"

#include <algorithm>

namespace baton::internal::torture {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t few = 10;
constexpr auto on_its_way = 3s;  // no session lives longer without a word

bool by_time(const Event& a, const Event& b) { return a.at < b.at; }

/// Whether the item may come again at `again`, after what its first worker did with it, or with
/// what happened to one of the two or to the broker. What happened a while before counts, too: an
/// item may have been on its way then.
bool explained(const std::vector<Event>& events, const Event& first, const Event& again,
               const std::vector<Fault>& faults) {
  const bool its_wish = std::any_of(events.begin(), events.end(), [&](const Event& event) {
    return event.worker == first.worker && event.at >= first.at &&
           (event.what == Event::What::failed || event.what == Event::What::released);
  });
  return its_wish || std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
           const bool theirs = fault.target == first.worker || fault.target == again.worker ||
                               fault.target == the_broker;
           return theirs && fault.from <= again.at && fault.to >= first.at - on_its_way;
         });
}

std::string milliseconds(Clock::time_point at) {
  return std::to_string(
             std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count()) +
         " ms ";
}

/// What became of the item, and what else happened about that time.
std::string history(const std::string& item, const std::vector<Event>& events,
                    const std::vector<Note>& notes) {
  static const char* const words[] = {"got", "acked", "late", "failed", "released"};
  std::multimap<Clock::time_point, std::string> lines;
  for (const auto& event : events)
    lines.emplace(event.at, event.worker + " " + words[static_cast<std::size_t>(event.what)] +
                                " it (attempt " + std::to_string(event.attempt) + ")");
  const auto from = lines.begin()->first - 5s, to = lines.rbegin()->first + 1s;
  for (const auto& note : notes)
    if (note.at >= from && note.at <= to) lines.emplace(note.at, note.text);
  std::string text = item;
  for (const auto& [at, line] : lines) text.append("\n  ").append(milliseconds(at)).append(line);
  return text;
}

/// Counts an item that was got.
void count(Account& account, const std::string& item, std::vector<Event> events,
           const Evidence& evidence) {
  std::stable_sort(events.begin(), events.end(), by_time);
  const Event* before = nullptr;
  bool doubled = false, unexplained = false;
  for (const auto& event : events) {
    if (event.what != Event::What::got) continue;
    doubled = doubled || before;
    unexplained = unexplained || (before && !explained(events, *before, event, evidence.faults));
    before = &event;
  }
  account.duplicated += doubled;
  account.unexplained += unexplained;
  if (unexplained && account.examples.size() < few)
    account.examples.push_back("unexplained " + history(item, events, evidence.notes));
}

}  // namespace

Account settle(const Evidence& evidence) {
  Account account;
  account.attempted = evidence.attempted.size();
  account.confirmed = evidence.confirmed.size();
  account.got = evidence.events.size();
  for (const auto& item : evidence.confirmed)
    if (!evidence.events.contains(item)) {
      ++account.lost;
      if (account.examples.size() < few) account.examples.push_back("lost " + item);
    }
  for (const auto& [item, events] : evidence.events) {
    count(account, item, events, evidence);
    account.recovered += evidence.attempted.contains(item) && !evidence.confirmed.contains(item);
    if (evidence.attempted.contains(item)) continue;
    ++account.unexpected;
    if (account.examples.size() < few)
      account.examples.push_back("unexpected " + history(item, events, evidence.notes));
  }
  return account;
}

}  // namespace baton::internal::torture
