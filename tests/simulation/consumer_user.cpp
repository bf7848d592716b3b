#include <algorithm>

#include "tests/simulation/users.hpp"

namespace baton::internal::simulation {
namespace {

/// A get whose time is up returns: when its cancellation is answered, or when its link is lost for
/// the want of an answer.
constexpr Duration returns_within = 4 * session_timeout + 4s;

/// At once, or after it was told that the work has begun.
constexpr Duration dies_within = 20ms;

SessionConfig consumer_config(SessionConfig config, const ConsumerPlan& plan) {
  config.queues = plan.queues;
  config.process = plan.process;
  return config;
}

}  // namespace

ConsumerNode::ConsumerNode(Scene& scene, std::string name, const ConsumerPlan& plan)
    : ClientNode(scene, std::move(name)),
      plan_(plan),
      consumer_(consumer_config(config(Role::consumer), plan), plan.prefetch),
      jobs_(static_cast<std::size_t>(plan.jobs)) {}

void ConsumerNode::leave() {
  consumer_.drain();
  touch();
  act();
}

void ConsumerNode::forsake() {
  if (session().over() || closed_) return;
  world_.trace([&] { return name() + " ends with what it holds"; });
  for (auto& job : jobs_) {
    if (job.does == Job::Does::wait) consumer_.unwant();
    job.does = Job::Does::nothing;
    const bool held = consumer_.holds(job.item, job.tag);
    if (mine_.erase(job.tag) == 0 || !held) continue;
    settled_[job.item] = job.count;
    scene_.broker.failed(job.broker_instance, job.item);
    if (session().established())
      scene_.broker.judge_of(session().broker_instance()).forsaken(session().id(), job.item);
  }
  consumer_.fail_held("not settled when its consumer ended");
  act();
}

/// What it reclaims and does not get is not its own any more.
void ConsumerNode::observe() {
  ever_stood_ = ever_stood_ || session().established();
  tell_holders();
  check_requests();
  std::erase_if(mine_, [&](const auto& entry) {
    const auto& [tag, mine] = entry;
    return !consumer_.holds(mine.id, tag) && !(scene_.all_run && in_touch_with(mine));
  });
  for (auto& [tag, mine] : mine_)
    if (mine.life + 1 == life()) mine.life = life();
}

void ConsumerNode::tell_holders() {
  for (auto& job : jobs_)
    if (job.in_hand() && !job.lost && !consumer_.holds(job.item, job.tag)) {
      job.lost = true;
      scene_.holders.loses(*this, job.tag);
    }
  if (session().reclaims_answered()) scene_.holders.reclaims_answered(*this);
}

/// When neither has anything under way to the other, both know the same requests, and nobody waits
/// for one that was taken back.
void ConsumerNode::check_requests() const {
  const auto& link = consumer_.link();
  const auto* its = scene_.broker.session(session().id());
  if (!its || !session().established() || session().closing() ||
      its->control.received() != session().control().last() || !link.up())
    return;
  if (its->consumer.link_generation != link.generation() ||
      its->consumer.link_sent() != link.received())
    return;
  PROMISE(consumer_.cancelled(consumer_.cancellation_ticket()),
          name() + " has the answers to all that it took back");
  PROMISE(its->consumer.requested_in_all - its->consumer.answered == link.outstanding(),
          name() + " asks for " + std::to_string(link.outstanding()) + ": its broker knows");
}

/// What it reclaims is settled when it says hello first.
void ConsumerNode::greets() {
  if (std::exchange(greeted_as_, session().id()) == session().id()) return;
  reclaimed_ = settled_;
  for (const auto& job : jobs_)
    if (job.in_hand() && consumer_.holds(job.item, job.tag)) reclaimed_[job.item] = job.count;
}

/// It reclaims what it has in hand, and what it settled unheard, by the delivery that it speaks of.
void ConsumerNode::says(const Entry& entry) {
  if (entry.kind != EntryKind::reclaim && entry.kind != EntryKind::reclaim_put) return;
  std::vector<Reclaim> reclaims;
  read_reclaims(entry, reclaims);
  for (const auto& reclaim : reclaims)
    for (std::uint32_t i = 0; i < reclaim.count; ++i) {
      const auto id = reclaim.first + i;
      const auto known = reclaimed_.find(id);
      const auto count = known == reclaimed_.end() ? reclaim.deliveries : known->second;
      PROMISE(reclaim.deliveries == count, name() + " reclaims item " + std::to_string(id.value) +
                                               " by its count " + std::to_string(count) + ", not " +
                                               std::to_string(reclaim.deliveries));
    }
}

bool ConsumerNode::works_on(std::uint64_t tag) const {
  return !over() && std::any_of(jobs_.begin(), jobs_.end(),
                                [&](const Job& job) { return job.in_hand() && job.tag == tag; });
}

/// Nothing kept its client from being in touch but the broker's own end, for which it is given time
/// to come back. Who is not back before the broker ends once more is forgotten.
bool ConsumerNode::in_touch_with(const Mine& mine) const {
  return scene_.durable && scene_.connected && mine.since > stood_still_until() &&
         mine.life + 1 >= scene_.broker.life();
}

void ConsumerNode::add_hands(std::vector<BrokerJudge::Hand>& hands) const {
  if (over()) return;
  const auto& broker = scene_.broker;
  const bool stands =
      session().established() && life() == broker.life() && broker.knows(session().id());
  for (const auto& [tag, mine] : mine_) {
    if (!consumer_.holds(mine.id, tag) && !in_touch_with(mine)) continue;
    const auto* holder = stands ? broker.holder_of(broker.judge().called(mine.id)) : nullptr;
    const bool his = holder && holder->id == session().id();
    if (his || (stands && session().reclaims_answered()) || in_touch_with(mine))
      hands.push_back({mine.put, name()});
  }
}

void ConsumerNode::act() {
  if (session().over()) return;
  for (auto& job : jobs_) act(job);
  const bool all_rest = std::all_of(jobs_.begin(), jobs_.end(),
                                    [](const Job& job) { return job.does == Job::Does::nothing; });
  if (!all_rest || closed_) return;
  closed_ = true;
  closed_in_trouble_ = world_.faulty;
  consumer_.close(world_.now());
  touch();
}

void ConsumerNode::act(Job& job) {
  switch (job.does) {
    case Job::Does::rest:
      if (consumer_.closed())
        job.does = Job::Does::nothing;
      else if (job.get == 0)
        rest(job);
      return;
    case Job::Does::wait:
      if (!consumer_.closed()) return static_cast<void>(take(job));
      consumer_.unwant();
      job.does = Job::Does::nothing;
      return;
    case Job::Does::cancel_requests:
      if (take(job) || !(consumer_.cancelled(job.cancel_requests) || consumer_.closed())) return;
      return rest(job);
    case Job::Does::print:
      return job.poison ? void() : work(job);
    case Job::Does::work:
    case Job::Does::nothing:
      return;
  }
}

void ConsumerNode::rest(Job& job) {
  job.does = Job::Does::rest;
  ++job.get;
  later(world_.random.between(Duration::zero(), plan_.rest), [this, &job] {
    if (session().over() || job.does != Job::Does::rest) return;
    if (consumer_.closed())
      act();
    else
      get(job);
  });
}

/// As a run of so many items that is over: the next one gets again, and others may be waiting
/// meanwhile.
void ConsumerNode::end_run() {
  world_.trace([&] { return name() + " ends a run"; });
  consumer_.rest();
}

void ConsumerNode::get(Job& job) {
  if (take(job)) return;
  job.does = Job::Does::wait;
  consumer_.want();
  touch();
  if (!world_.random.chance(plan_.times_out)) return;
  const bool at_once = world_.random.chance(200);
  if (at_once) consumer_.request_now();
  later(at_once ? Duration::zero() : world_.random.between(Duration::zero(), plan_.time_limit),
        [this, &job, get = job.get] {
          if (job.get == get && job.does == Job::Does::wait) give_up(job);
        });
}

void ConsumerNode::give_up(Job& job) {
  consumer_.unwant();
  job.does = Job::Does::cancel_requests;
  consumer_.request_now();
  job.cancel_requests = consumer_.cancellation_ticket();
  expect_return(job);
  touch();
  act(job);
}

/// Of the time that its process runs, and that nothing comes over its link: large items on a slow
/// one take long.
void ConsumerNode::expect_return(const Job& job) {
  later(returns_within, [this, &job, get = job.get] {
    if (job.does != Job::Does::cancel_requests || job.get != get) return;
    if (world_.now() < std::max(stood_still_until(), link_heard()) + returns_within)
      return expect_return(job);
    PROMISE(false, name() + ": a get returns when its time is up");
  });
}

bool ConsumerNode::take(Job& job) {
  Delivery delivery;
  if (!consumer_.take(delivery, body_, world_.now())) return false;
  if (job.does == Job::Does::wait) consumer_.unwant();
  ++job.get;
  scene_.broker.judge_of(session().broker_instance())
      .taken(name(), session().id(), delivery, consumer_.queue_name(delivery.queue));
  world_.trace([&] { return name() + " takes item " + std::to_string(delivery.id.value); });
  job.item = delivery.id;
  job.broker_instance = session().broker_instance();
  job.tag = consumer_.last_tag();
  job.count = delivery.deliveries;
  job.lost = false;
  const auto& judge = scene_.broker.judge_of(session().broker_instance());
  mine_[job.tag] = {delivery.id, judge.put_of(delivery.id), world_.now(), life()};
  scene_.holders.takes(*this, delivery.id, job.tag, judge.what(delivery.id));
  job.does = Job::Does::print;
  job.poison = is_poison(delivery.body);
  touch();
  if (job.poison)
    later(world_.random.between(Duration::zero(), dies_within), [this] { dies_(); });
  else
    work(job);
  return true;
}

void ConsumerNode::work(Job& job) {
  if (!may_print()) return;
  std::string line = "got item " + std::to_string(job.item.value);
  if (world_.random.chance(100)) line.append(world_.random.below(2000), '.');
  print(line);
  job.does = Job::Does::work;
  const auto longest = world_.faulty ? plan_.work : std::min<Duration>(plan_.work, 50ms);
  later(world_.random.between(Duration::zero(), longest), [this, &job] { settle(job); });
}

void ConsumerNode::settle(Job& job) {
  if (session().over() || job.does != Job::Does::work) return;
  auto& random = world_.random;
  const auto id = job.item;
  const bool was_mine = mine_.erase(job.tag) > 0;
  using Kind = Settlement::Kind;
  Settlement settlement{Kind::done, id};
  if (random.chance(plan_.releases)) {
    settlement.kind = Kind::released;
  } else if (random.chance(plan_.fails)) {
    const auto delay = random.chance(plan_.delays) ? random.between(1, 1000) : 0;
    settlement = {Kind::failed, id, "by chance", static_cast<std::uint32_t>(delay)};
  }
  const bool heard = consumer_.settle(settlement, job.tag);
  if (heard && settlement.kind == Kind::failed) scene_.broker.failed(job.broker_instance, id);
  if (heard && settlement.kind == Kind::done) scene_.broker.acked(job.broker_instance, id);
  if (heard && settlement.kind != Kind::released) settled_[id] = job.count;
  world_.trace([&] {
    return name() + " settles item " + std::to_string(id.value) + (heard ? "" : ", too late");
  });
  PROMISE(!heard || was_mine, name() + " settles only what it holds");
  if (random.chance(plan_.pauses)) end_run();
  rest(job);
  touch();
}

void ConsumerNode::ended() {
  if (session().state() == ClientSession::State::ended) return scene_.console.ended(name(), life());
  PROMISE(session().error()->kind == SessionError::Kind::close_unconfirmed && closed_in_trouble_,
          name() + " ends in peace: " + session().error()->text);
}

}  // namespace baton::internal::simulation
