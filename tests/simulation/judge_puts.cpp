#include "tests/simulation/judge.hpp"

namespace baton::simulation {
namespace {

std::string name(const std::string& producer, Number number) {
  return "put " + std::to_string(number.value) + " of " + producer;
}

}  // namespace

void PutJudge::begins(const std::string& producer, Number before) {
  confirmed_[producer] = before;
  for (auto& [number, put] : puts_[producer])
    if (number <= before && put.confirmed == 0) put.confirmed = put.stored_in;
}

void PutJudge::put(const std::string& producer, Number number, Life life, const std::string& queue,
                   const PutItem& item) {
  auto& at = puts_[producer][number];
  // A killed producer's items that had not come in by the time its next process was welcomed never do.
  require(at.stored_in != life, producer + " goes on after what is stored: " + std::to_string(number.value));
  at = {queue, std::string(item.body), item.priority, item.delay_ms, 0, 0, 0};
}

/// In each broker a producer's items come in once, in order, and the first is the first unconfirmed one: nothing that an
/// earlier broker had not confirmed is left out, nothing that it had is put again.
const PutJudge::Put& PutJudge::stored(Life life, const std::string& producer, Number number) {
  const auto put = puts_[producer].find(number);
  require(put != puts_[producer].end(), name(producer, number) + ": what is stored was put");
  const auto [in, first] = in_.emplace(std::pair{life, producer}, std::pair{number, number});
  const auto expected = first ? confirmed_[producer] + 1 : in->second.second + 1;
  require(number == expected, name(producer, number) + ": items come in once, in order, none left out: " +
                                  std::to_string(expected.value) + " is next");
  in->second.second = number;
  put->second.stored_in = life;
  return put->second;
}

void PutJudge::confirmed(const std::string& producer, Number number, Life life) {
  auto& up_to = confirmed_[producer];
  for (; up_to < number; up_to += 1) {
    const auto put = puts_[producer].find(up_to + 1);
    require(put != puts_[producer].end(), name(producer, up_to + 1) + ": what is confirmed was put");
    require(put->second.stored_in == life, name(producer, up_to + 1) + ": what is confirmed is kept");
    put->second.confirmed = life;
  }
}

void PutJudge::joined(const std::string& producer, Life life, Number before, const Told& told,
                      const Told& earlier) const {
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

void PutJudge::said_bye(const std::string& producer, Life life) const {
  const auto puts = puts_.find(producer);
  if (puts == puts_.end()) return;
  for (const auto& [number, put] : puts->second)
    require(put.stored_in == life || put.confirmed > 0,
            name(producer, number) + " is in when its producer's bye is answered");
}

}  // namespace baton::simulation
