#include <tuple>

#include "tests/simulation/judge.hpp"

namespace baton::simulation {
namespace {

std::string name(ItemId id) { return "item " + std::to_string(id.value); }

}  // namespace

void ItemJudge::put(const std::string& producer, Number number, const std::string& queue, const PutItem& item) {
  const Put put{queue, std::string(item.body), item.priority, item.delay_ms, false};
  auto& at = puts_[producer][number];
  // A killed producer's items that had not come in by the time its next process was welcomed never do.
  require(!at.stored, producer + " goes on after what is stored: " + std::to_string(number.value));
  at = put;
}

void ItemJudge::stored(const broker::Storage::Record& record, std::string_view body) {
  const std::string producer(record.producer);
  require(record.number == last_stored_[producer] + 1,
          "a producer's items come in once, in order: " + producer + " " + std::to_string(record.number.value));
  last_stored_[producer] = record.number;
  const auto put = puts_[producer].find(record.number);
  require(put != puts_[producer].end(), "what is stored was put");
  require(put->second.body == body && put->second.queue == record.queue && put->second.priority == record.priority &&
              put->second.delay_ms == record.delay_ms,
          "an item is stored as it was put");
  require(record.id > last_id_, "ids rise");
  last_id_ = record.id;
  put->second.stored = true;
  Item item;
  item.producer = producer;
  item.put = &put->second;
  item.due = world_.now() + std::chrono::milliseconds(record.delay_ms);
  items_.emplace(record.id, std::move(item));
  if (record.delay_ms == 0) waiting_[std::string(record.queue)][record.priority].push_back(record.id);
}

ItemJudge::Item& ItemJudge::item(ItemId id) {
  const auto found = items_.find(id);
  require(found != items_.end(), name(id) + " exists");
  return found->second;
}

void ItemJudge::updated(const broker::Storage::Record& record) {
  auto& item = this->item(record.id);
  world_.trace([&] { return "storage: " + name(record.id) + " failed " + std::to_string(record.failures); });
  require(!item.done && !item.dead, name(record.id) + " is settled: nothing happens to it any more");
  require(record.failures <= item.failures + 1u, name(record.id) + " fails once at a time");
  item.failures = record.failures;
  item.dead = record.dead;
  dead_ += record.dead;
  require(record.dead == (item.failures >= max_attempts_), name(record.id) + " is dead after max_attempts, not before");
  require(!calm_ || item.failures <= item.user_fails, name(record.id) + " fails only when its user says so");
}

void ItemJudge::erased(ItemId id) {
  auto& item = this->item(id);
  require(item.handed && item.ack_said, name(id) + " is gone only when its user acked it");
  require(!item.done, name(id) + " is done once");
  item.done = true;
}

/// Among items that were never handed off before this turn: FIFO within a priority on each lane. What was handed off
/// twice in the turn came back in between.
void ItemJudge::check_lanes() const {
  std::map<std::tuple<std::uint64_t, std::string, std::uint8_t>, ItemId> last;  // by message, queue and priority
  for (const auto& [message, id] : first_in_turn_) {
    if (times_in_turn_.at(id) > 1) continue;
    const auto& put = *items_.at(id).put;
    auto& before = last[{message, put.queue, put.priority}];
    require(before < id, "order: " + name(id) + " is given behind " + name(before));
    before = id;
  }
}

/// What a turn handed off first of a queue is what waited first, higher priorities before. An item that came in during
/// the turn may have come too late for some of its hand-offs.
void ItemJudge::turn_ends() {
  for (auto& [queue, ids] : first_given_)
    for (auto& [priority, waiting] : waiting_[queue])
      for (auto at = waiting.begin(); !ids.empty() && at != waiting.end();) {
        const bool handed = ids.erase(*at) == 1;
        require(handed || *at > last_of_turn_, "order: " + name(*at) + " is handed off before others");
        at = handed ? waiting.erase(at) : std::next(at);
      }
  check_lanes();
  first_given_.clear();
  first_in_turn_.clear();
  times_in_turn_.clear();
  last_of_turn_ = last_id_;
}

void ItemJudge::given(const SessionId& session, const Given& given, bool heard) {
  auto& item = this->item(given.id);
  world_.trace([&] { return "lanes: " + name(given.id) + (heard ? "" : ", to nobody"); });
  ++times_in_turn_[given.id];
  const bool first = !item.handed || first_given_[item.put->queue].contains(given.id);
  if (first && item.put->delay_ms == 0) {
    first_given_[item.put->queue].insert(given.id);
    first_in_turn_.push_back({message_, given.id});
  }
  item.handed = true;
  if (!heard) return;
  item.given_to = session;
  require(!item.done, name(given.id) + " was acked: it is not given again");
  require(!item.dead, name(given.id) + " is dead: it is not given");
  require(world_.now() >= item.due, name(given.id) + " is not given before its delay is over");
  require(given.body == item.put->body && given.priority == item.put->priority, name(given.id) + " is as it was put");
  require(given.attempt == item.failures + 1, name(given.id) + ": attempt " + std::to_string(given.attempt) +
                                                  " comes after " + std::to_string(item.failures) + " failures");
}

void ItemJudge::taken(const User& user, const SessionId& session, const Given& given, const std::string& queue) {
  auto& item = this->item(given.id);
  require(item.handed, user + " takes what was handed off");
  require(!trust_ || item.given_to == session, user + " does not take " + name(given.id) + ", which went elsewhere");
  require(given.body == item.put->body, user + " takes " + name(given.id) + " as it was put");
  require(queue == item.put->queue, user + " is told the queue of " + name(given.id));
}

void ItemJudge::acked(ItemId id) { item(id).ack_said = true; }
void ItemJudge::failed(ItemId id) { ++item(id).user_fails; }

void ItemJudge::check_hands(const std::map<ItemId, std::vector<User>>& hands) const {
  for (const auto& [id, users] : hands) {
    if (users.size() < 2) continue;
    throw Violation(name(id) + " is in the hands of one at a time, not of " + users[0] + " and " + users[1]);
  }
}

ItemJudge::Sum ItemJudge::sum(const std::string& producer) const {
  Sum sum;
  if (const auto found = puts_.find(producer); found != puts_.end()) {
    sum.put = found->second.size();
    for (const auto& [number, put] : found->second) sum.stored += put.stored;
  }
  for (const auto& [id, item] : items_) {
    if (item.producer != producer) continue;
    sum.done += item.done;
    sum.dead += item.dead;
  }
  return sum;
}

void ItemJudge::check_end() const {
  for (const auto& [id, item] : items_)
    require(item.done || item.dead, name(id) + " of " + item.producer + " is settled in the end");
}

}  // namespace baton::simulation
