#include <algorithm>

#include "tests/simulation/judge.hpp"

namespace baton::simulation {
namespace {

std::string name(const std::string& producer, Number number) {
  return "put " + std::to_string(number.value) + " of " + producer;
}

}  // namespace

void PutJudge::begins(const std::string& producer, Number before) {
  if (keeps_) promised(producer, before);
  confirmed_[producer] = keeps_ ? std::max(confirmed_[producer], before) : before;
  for (auto& [number, put] : puts_[producer])
    if (number <= before && put.confirmed == 0) put.confirmed = put.stored_in;
}

void PutJudge::put(const std::string& producer, Number number, Life life, const std::string& queue,
                   const PutItem& item) {
  auto& at = puts_[producer][number];
  if (keeps_ && !at.body.empty()) {  // by an earlier process of the name, or one that it does not know of
    require(at.body == item.body && at.queue == queue, name(producer, number) + " is of its source what it was before");
    return;
  }
  // A killed producer's items that had not come in by the time its next process was welcomed never do.
  require(at.stored_in != life, producer + " goes on after what is stored: " + std::to_string(number.value));
  at = {queue, std::string(item.body), item.priority, item.delay_ms, 0, 0, 0, false};
}

/// In each broker a producer's items come in once, in order, and the first is the first unconfirmed one: nothing that an
/// earlier broker had not confirmed is left out, nothing that it had is put again.
const PutJudge::Put& PutJudge::stored(Life life, const std::string& producer, Number number) {
  const auto put = puts_[producer].find(number);
  require(put != puts_[producer].end(), name(producer, number) + ": what is stored was put");
  const auto [in, first] = in_.emplace(std::pair{life, producer}, std::pair{number, number});
  const auto expected = !first ? in->second.second + 1 : keeps_ ? Number{1} : confirmed_[producer] + 1;
  require(number == expected, name(producer, number) + ": items come in once, in order, none left out: " +
                                  std::to_string(expected.value) + " is next");
  in->second.second = number;
  put->second.stored_in = life;
  put->second.settled = 0;
  put->second.dead = false;
  return put->second;
}

void PutJudge::confirmed(const std::string& producer, Number number, Life life) {
  auto& up_to = confirmed_[producer];
  for (; up_to < number; up_to += 1) {
    const auto put = puts_[producer].find(up_to + 1);
    require(put != puts_[producer].end(), name(producer, up_to + 1) + ": what is confirmed was put");
    if (keeps_ && put->second.confirmed > 0) continue;
    require(put->second.stored_in == life, name(producer, up_to + 1) + ": what is confirmed is kept");
    put->second.confirmed = life;
  }
}

void PutJudge::settled(Life life, const std::string& producer, Number number, bool dead) {
  auto& put = puts_[producer][number];
  put.settled = life;
  put.dead = dead;
}

void PutJudge::promised(const std::string& producer, Number number) {
  promised_[producer] = std::max(promised_[producer], number);
}

void PutJudge::counted(const std::string& producer, std::uint64_t settled) {
  counted_[producer] = std::max(counted_[producer], settled);
}

void PutJudge::loads(Life life, const std::map<std::string, Loaded>& disk, bool counts_lost) {
  counts_lost_ = counts_lost;
  for (const auto& [producer, loaded] : disk)
    require(puts_.contains(producer) || loaded.received == Number{}, producer + " has put what is kept");
  for (const auto& [producer, puts] : puts_) {
    const auto loaded = disk.find(producer);
    loads(life, producer, loaded == disk.end() ? Loaded{} : loaded->second);
  }
}

/// A number is kept with its item, or else with what became of it; an item with its number.
void PutJudge::loads(Life life, const std::string& producer, const Loaded& disk) {
  require(disk.received >= promised_[producer], name(producer, promised_[producer]) +
                                                    " was confirmed: it is kept, not only what is up to " +
                                                    std::to_string(disk.received.value));
  if (disk.received > Number{}) in_[{life, producer}] = {Number{1}, disk.received};
  confirmed_[producer] = disk.received;
  for (const auto& [number, dead] : disk.items)
    require(number <= disk.received, name(producer, number) + " is kept, and so is its number");
  std::uint64_t settled = 0;
  for (auto& [number, put] : puts_[producer]) {
    if (number > disk.received) {  // it was not confirmed, and may have been done all the same
      settled += put.settled > 0;
      continue;
    }
    require(put.stored_in > 0, name(producer, number) + ": what is kept came in");
    put.confirmed = put.stored_in;
    const auto item = disk.items.find(number);
    if (item == disk.items.end()) {
      require(put.settled > 0, name(producer, number) + " was not settled: it is kept");
      require(!put.dead, name(producer, number) + " is dead: it is kept");
      ++settled;
      continue;
    }
    put.stored_in = life;
    put.settled = item->second ? life : 0;
    put.dead = item->second;
    settled += put.dead;
  }
  require(settled >= counted_[producer], producer + " was told that " + std::to_string(counted_[producer]) +
                                             " are done: this is kept, not of " + std::to_string(settled) + " only");
  counted_[producer] = 0;
}

void PutJudge::joined(const std::string& producer, Life life, Number before, const Told& told,
                      const Told& earlier) const {
  if (keeps_) return joined_kept(producer, told);
  const auto puts = puts_.find(producer);
  const auto in = in_.find({life, producer});
  std::uint64_t here = 0, lost = 0, confirmed_earlier = 0;
  if (puts != puts_.end())
    for (const auto& [number, put] : puts->second) {
      here += put.stored_in == life;
      require(put.stored_in != life || put.settled == life, name(producer, number) + ": join ends when it is settled");
      if (number <= before) continue;
      require(put.stored_in == life || put.confirmed > 0, name(producer, number) + " is in when join ends");
      if (put.stored_in == life || put.confirmed == life) continue;
      ++confirmed_earlier;
      lost += put.settled != put.confirmed;
    }
  require(told.done + told.dead - earlier.done - earlier.dead == here, producer + " is told what became of its items");
  require(told.lost >= lost,
          producer + " is told of all " + std::to_string(lost) + " that it lost, not of " + std::to_string(told.lost));
  require(in != in_.end() || here == 0, producer + ": what is here was put");
  require(told.lost == earlier.lost, producer + " is told of no more than was confirmed and not settled: " +
                                         std::to_string(told.lost) + " of " + std::to_string(earlier.lost));
  if (before == Number{})
    require(told.done + told.dead + told.lost == here + confirmed_earlier, producer + " is told of each item once");
  require(life > 1 || before > Number{} || told.notices == told.dead, producer + " gets a notice of each dead item");
}

/// All that was ever put under this name is settled, and counted once, whatever became of brokers and processes.
void PutJudge::joined_kept(const std::string& producer, const Told& told) const {
  std::uint64_t settled = 0, dead = 0;
  if (const auto puts = puts_.find(producer); puts != puts_.end())
    for (const auto& [number, put] : puts->second) {
      require(put.settled > 0, name(producer, number) + ": join ends when it is settled");
      ++settled;
      dead += put.dead;
    }
  require(told.lost == 0, producer + " lost nothing with a broker that keeps");
  require(told.dead == dead,
          producer + " is told of all " + std::to_string(dead) + " that died, not of " + std::to_string(told.dead));
  const bool all = told.done + told.dead == settled || (counts_lost_ && told.done + told.dead < settled);
  require(all, producer + " is told of each item once: of " + std::to_string(settled) + ", not of " +
                   std::to_string(told.done + told.dead));
}

void PutJudge::said_bye(const std::string& producer, Life life) {
  const auto puts = puts_.find(producer);
  if (puts == puts_.end() || puts->second.empty()) return;
  if (keeps_) promised(producer, puts->second.rbegin()->first);
  for (const auto& [number, put] : puts->second)
    require(put.stored_in == life || put.confirmed > 0,
            name(producer, number) + " is in when its producer's bye is answered");
}

}  // namespace baton::simulation
