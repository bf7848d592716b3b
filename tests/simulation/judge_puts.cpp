#include <algorithm>

#include "tests/simulation/judge.hpp"

namespace baton::internal::simulation {
namespace {

std::string name(const std::string& producer, SeqNo number) {
  return "put " + std::to_string(number.value) + " of " + producer;
}

}  // namespace

void PutJudge::begins(const std::string& producer, const std::string& process, SeqNo before,
                      Life life) {
  if (durable_) promised(producer, before);
  if (durable_ && life < newest_[producer].welcomed) return;
  newest_[producer] = {process, life};
  confirmed_[producer] = durable_ ? std::max(confirmed_[producer], before) : before;
  auto& puts = puts_[producer];
  for (auto& [number, put] : puts)
    if (number <= before && put.confirmed == 0) put.confirmed = put.stored_in;
  // A killed producer's items that had not come in by the time its next process was welcomed never
  // do.
  if (durable_)
    std::erase_if(puts,
                  [&](const auto& one) { return one.first > before && one.second.stored_in == 0; });
}

void PutJudge::put(const std::string& producer, const std::string& process, SeqNo number, Life life,
                   const std::string& queue, const PutItem& item, const Anew& anew) {
  const Put put{queue, std::string(item.body), item.priority, item.delay_ms, 0, 0, 0, false};
  offers_[producer][number].push_back({process, put, anew});
  const auto in = in_.find({life, producer});
  // Who does not know yet that a newer process has come puts what will not be stored.
  if (durable_ &&
      (process != newest_[producer].process || (in != in_.end() && number <= in->second.second)))
    return;
  auto& at = puts_[producer][number];
  PROMISE(durable_ || at.stored_in != life,
          producer + " goes on after what is stored: " + std::to_string(number.value));
  at = put;
}

/// In each broker a producer's items come in once, in order, and the first is the first unconfirmed
/// one: nothing that an earlier broker had not confirmed is left out, nothing that it had is put
/// again.
const PutJudge::Put& PutJudge::stored(Life life, const std::string& producer, SeqNo number,
                                      std::string_view body) {
  const auto& offers = offers_[producer][number];
  const auto the_same = [&](const Offer& one) { return one.put.body == body; };
  // Another process may offer the same line, and have left out others before it.
  auto offer = std::find_if(offers.rbegin(), offers.rend(), [&](const Offer& one) {
    return the_same(one) && one.process == newest_[producer].process;
  });
  if (offer == offers.rend()) offer = std::find_if(offers.rbegin(), offers.rend(), the_same);
  PROMISE(offer != offers.rend(), name(producer, number) + ": what is stored was put");
  const auto put = puts_[producer].try_emplace(number, offer->put).first;
  if (put->second.body != body) put->second = offer->put;
  if (offer->anew) begun_[producer][number] = offer->anew;
  const auto [in, first] = in_.emplace(std::pair{life, producer}, std::pair{number, number});
  const auto expected = !first     ? in->second.second + 1
                        : durable_ ? SeqNo{1}
                                   : confirmed_[producer] + 1;
  PROMISE(number == expected, name(producer, number) +
                                  ": items come in once, in order, none left out: " +
                                  std::to_string(expected.value) + " is next");
  in->second.second = number;
  put->second.stored_in = life;
  put->second.settled = 0;
  put->second.dead = put->second.dropped = false;
  return put->second;
}

void PutJudge::confirmed(const std::string& producer, SeqNo number, Life life) {
  auto& up_to = confirmed_[producer];
  for (; up_to < number; up_to += 1) {
    const auto put = puts_[producer].find(up_to + 1);
    PROMISE(put != puts_[producer].end(),
            name(producer, up_to + 1) + ": what is confirmed was put");
    if (durable_ && put->second.confirmed > 0) continue;
    PROMISE(put->second.stored_in == life,
            name(producer, up_to + 1) + ": what is confirmed is kept");
    put->second.confirmed = life;
  }
}

/// The lines that were left out where the input began that `last` is of, and what is stored from
/// there on.
std::vector<std::string> PutJudge::input_up_to(const std::string& producer, SeqNo last) const {
  std::vector<std::string> input;
  SeqNo begin{1};
  if (const auto begun = begun_.find(producer); begun != begun_.end())
    if (auto next = begun->second.upper_bound(last); next != begun->second.begin()) {
      begin = (--next)->first;
      input = *next->second;
    }
  if (const auto puts = puts_.find(producer); puts != puts_.end())
    for (auto put = puts->second.lower_bound(begin);
         put != puts->second.end() && put->first <= last; ++put)
      input.push_back(put->second.body);
  return input;
}

void PutJudge::put_whole(const std::string& producer, const std::vector<std::string>& input,
                         SeqNo last) const {
  const auto in = input_up_to(producer, last);
  const auto differ = std::mismatch(in.begin(), in.end(), input.begin(), input.end());
  PROMISE(in == input, producer + " has put its input, each line once: but line " +
                           std::to_string(differ.first - in.begin() + 1) + " of " +
                           std::to_string(input.size()) + " is another one of " +
                           std::to_string(in.size()));
}

void PutJudge::refused(const std::string& producer, const std::vector<std::string>& input,
                       SeqNo before) const {
  const auto in = input_up_to(producer, before);
  const bool same = in.size() <= input.size() && std::equal(in.begin(), in.end(), input.begin());
  PROMISE(!same, producer + " refuses no input that begins with what was put: " +
                     std::to_string(in.size()) + " lines");
}

void PutJudge::settled(Life life, const std::string& producer, SeqNo number, bool dead) {
  auto& put = puts_[producer][number];
  put.settled = life;
  put.dead = dead;
}

void PutJudge::promised(const std::string& producer, SeqNo number) {
  promised_[producer] = std::max(promised_[producer], number);
}

void PutJudge::counted(const std::string& producer, std::uint64_t settled) {
  counted_[producer] = std::max(counted_[producer], settled);
}

void PutJudge::loads(Life life, const std::map<std::string, Loaded>& disk, bool counts_lost) {
  counts_lost_ = counts_lost;
  for (const auto& [producer, loaded] : disk)
    PROMISE(puts_.contains(producer) || loaded.received == SeqNo{},
            producer + " has put what is kept");
  for (const auto& [producer, puts] : puts_) {
    const auto loaded = disk.find(producer);
    loads(life, producer, loaded == disk.end() ? Loaded{} : loaded->second);
  }
}

/// A number is kept with its item, or else with what became of it; an item with its number.
void PutJudge::loads(Life life, const std::string& producer, const Loaded& disk) {
  PROMISE(disk.received >= promised_[producer],
          name(producer, promised_[producer]) +
              " was confirmed: it is kept, not only what is up to " +
              std::to_string(disk.received.value));
  if (disk.received > SeqNo{}) in_[{life, producer}] = {SeqNo{1}, disk.received};
  confirmed_[producer] = disk.received;
  auto& begun = begun_[producer];
  begun.erase(begun.upper_bound(disk.received), begun.end());
  for (const auto& [number, dead] : disk.items)
    PROMISE(number <= disk.received, name(producer, number) + " is kept, and so is its number");
  std::uint64_t settled = 0;
  for (auto& [number, put] : puts_[producer]) {
    if (number > disk.received) {  // it was not confirmed, and may have been done all the same
      settled += put.settled > 0;
      continue;
    }
    PROMISE(put.stored_in > 0, name(producer, number) + ": what is kept came in");
    put.confirmed = put.stored_in;
    const auto item = disk.items.find(number);
    if (item == disk.items.end()) {
      PROMISE(put.settled > 0, name(producer, number) + " was not settled: it is kept");
      PROMISE(!put.dead || put.dropped, name(producer, number) + " is dead: it is kept");
      ++settled;
      continue;
    }
    put.stored_in = life;
    put.settled = item->second ? life : 0;
    put.dead = item->second;
    put.dropped = false;  // that was not stored
    settled += put.dead;
  }
  PROMISE(settled >= counted_[producer],
          producer + " was told that " + std::to_string(counted_[producer]) +
              " are done: this is kept, not of " + std::to_string(settled) + " only");
  counted_[producer] = 0;
}

void PutJudge::joined(const std::string& producer, Life life, SeqNo before, SeqNo last,
                      const Told& told, const Told& earlier) const {
  if (durable_) return joined_stored(producer, life, last, told);
  const auto puts = puts_.find(producer);
  const auto in = in_.find({life, producer});
  std::uint64_t here = 0, lost = 0, confirmed_earlier = 0;
  if (puts != puts_.end())
    for (const auto& [number, put] : puts->second) {
      here += put.stored_in == life;
      PROMISE(put.stored_in != life || put.settled == life,
              name(producer, number) + ": join ends when it is settled");
      if (number <= before || number > last) continue;  // put by another process of the name
      PROMISE(put.stored_in == life || put.confirmed > 0,
              name(producer, number) + " is in when join ends");
      if (put.stored_in == life || put.confirmed == life) continue;
      ++confirmed_earlier;
      lost += put.settled != put.confirmed;
    }
  PROMISE(told.done + told.dead - earlier.done - earlier.dead == here,
          producer + " is told what became of its items");
  PROMISE(told.lost >= lost, producer + " is told of all " + std::to_string(lost) +
                                 " that it lost, not of " + std::to_string(told.lost));
  PROMISE(in != in_.end() || here == 0, producer + ": what is here was put");
  PROMISE(told.lost == earlier.lost,
          producer + " is told of no more than was confirmed and not settled: " +
              std::to_string(told.lost) + " of " + std::to_string(earlier.lost));
  if (before == SeqNo{})
    PROMISE(told.done + told.dead + told.lost == here + confirmed_earlier,
            producer + " is told of each item once");
  PROMISE(life > 1 || before > SeqNo{} || told.notices == told.dead || !all_notices_,
          producer + " gets a notice of each dead item");
}

/// All that was ever put under this name is settled, and counted once, whatever became of brokers
/// and processes. A newer process may have put more before this one reads what it was told.
void PutJudge::joined_stored(const std::string& producer, Life life, SeqNo last,
                             const Told& told) const {
  struct Sums {
    std::uint64_t settled = 0, dead = 0, dropped = 0;
  } least, most;  // up to its last one, and to the last one that is here
  const auto in = in_.find({life, producer});
  if (const auto puts = puts_.find(producer); puts != puts_.end())
    for (const auto& [number, put] : puts->second) {
      if (in == in_.end() || number > in->second.second)
        break;  // another process has it, and does not know of this one
      PROMISE(put.settled > 0 || number > last,
              name(producer, number) + ": join ends when it is settled");
      most.settled += put.settled > 0;
      most.dead += put.dead;
      most.dropped += put.dropped;
      if (number <= last) least = most;
    }
  PROMISE(told.lost == 0, producer + " lost nothing with a durable broker");
  // A disk that is full keeps no counts, and what was dropped cannot be counted again.
  const auto dead_at_least = least.dead - (counts_lost_ ? std::min(least.dead, most.dropped) : 0);
  PROMISE(told.dead >= dead_at_least && told.dead <= most.dead,
          producer + " is told of all " + std::to_string(least.dead) + " that died, not of " +
              std::to_string(told.dead));
  const auto settled = told.done + told.dead;
  PROMISE(settled <= most.settled && (settled >= least.settled || counts_lost_),
          producer + " is told of each item once: of " + std::to_string(least.settled) +
              ", not of " + std::to_string(settled));
}

void PutJudge::closed(const std::string& producer, Life life, SeqNo last) {
  const auto puts = puts_.find(producer);
  if (puts == puts_.end() || puts->second.empty()) return;
  if (durable_) promised(producer, last);
  for (const auto& [number, put] : puts->second)
    PROMISE(number > last || put.stored_in == life || put.confirmed > 0,
            name(producer, number) + " is in when its producer's close is answered");
}

}  // namespace baton::internal::simulation
