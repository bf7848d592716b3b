#include "tests/torture/account.hpp"

#include <algorithm>

namespace baton::torture {
namespace {

constexpr std::size_t few = 10;

bool by_time(const Event& a, const Event& b) { return a.at < b.at; }

/// Whether the item may come again at `again`, after what `worker` got at `from`.
bool explained(const std::vector<Event>& events, const Event& first, const Event& again,
               const std::vector<Fault>& faults) {
  for (const auto& event : events)
    if (event.worker == first.worker && event.at >= first.at && event.at <= again.at &&
        (event.what == Event::What::failed || event.what == Event::What::released))
      return true;
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
    return (fault.whom == first.worker || fault.whom == the_broker) && fault.from <= again.at && fault.to >= first.at;
  });
}

std::string history(const std::string& item, const std::vector<Event>& events) {
  static const char* const words[] = {"got", "acked", "late", "failed", "released"};
  std::string text = item + ":";
  for (const auto& event : events)
    text += " " + event.worker + " " + words[static_cast<std::size_t>(event.what)] + " at " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(event.at.time_since_epoch()).count()) +
            " ms (attempt " + std::to_string(event.attempt) + ");";
  return text;
}

/// Counts an item that was got.
void count(Account& account, const std::string& item, std::vector<Event> events, const std::vector<Fault>& faults) {
  std::stable_sort(events.begin(), events.end(), by_time);
  const Event* before = nullptr;
  bool doubled = false, unexplained = false;
  for (const auto& event : events) {
    if (event.what != Event::What::got) continue;
    doubled = doubled || before;
    unexplained = unexplained || (before && !explained(events, *before, event, faults));
    before = &event;
  }
  account.duplicated += doubled;
  account.unexplained += unexplained;
  if (unexplained && account.examples.size() < few) account.examples.push_back("unexplained " + history(item, events));
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
    count(account, item, events, evidence.faults);
    account.recovered += evidence.attempted.contains(item) && !evidence.confirmed.contains(item);
    if (evidence.attempted.contains(item)) continue;
    ++account.unexpected;
    if (account.examples.size() < few) account.examples.push_back("unexpected " + history(item, events));
  }
  return account;
}

}  // namespace baton::torture
