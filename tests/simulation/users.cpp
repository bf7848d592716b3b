#include "tests/simulation/users.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::simulation {

// --- producer ------------------------------------------------------------------------------------

namespace {

SessionConfig producer_config(SessionConfig config, const std::string& identity,
                              const ProducerPlan& plan) {
  config.name = identity;
  config.named = true;
  config.queues = {plan.queue};
  return config;
}

}  // namespace

ProducerNode::ProducerNode(Scene& scene, std::string name, std::string identity,
                           const ProducerPlan& plan)
    : ClientNode(scene, std::move(name)),
      identity_(std::move(identity)),
      plan_(plan),
      producer_(producer_config(config(Role::producer), identity_, plan)) {}

void ProducerNode::act() {
  if (session().over() || closed_ || pausing_ || !session().was_welcomed()) return;
  if (!started_) {
    if (!may_print()) return;
    begin();
  }
  while (!at_end() && !refused_ && producer_.may_put() && !pausing_) next_line();
  if (at_end() && !refused_) end_of_input();
  if (refused_) return leave_refused();
  if (at_end()) finish();
}

void ProducerNode::begin() {
  started_ = true;
  put_ = before_;
  anew_ = plan_.is_start;
  retrace_.emplace(plan_.queue, anew_ ? std::vector<Checkpoint>() : producer_.already_put());
  print("starts");
}

/// As the producer program does.
void ProducerNode::next_line() {
  if (line_ + 1 == plan_.lines.size() && plan_.last && world_.faulty) {
    pausing_ = true;
    return later(100ms, [this] { pausing_ = false, act(); });
  }
  const auto verdict = retrace_->next(body(line_));
  refused_ = verdict == Retrace::Verdict::differs;
  if (verdict == Retrace::Verdict::fresh && line_ >= plan_.left_out) put();
  ++line_;
}

void ProducerNode::end_of_input() {
  if (!retrace_->complete()) refused_ = true;
}

void ProducerNode::leave_refused() {
  if (!producer_.flushed() || !may_print()) return;
  world_.trace([&] { return name() + " has other lines than were put before"; });
  if (scene_.durable) scene_.puts.refused(identity_, bodies(plan_.lines.size()), before_);
  closed_ = true;
  print("exiting");
  producer_.close(world_.now());
}

/// The same for each process that puts it.
std::string ProducerNode::body(std::size_t line) const {
  const auto number = plan_.lines[line];
  const auto long_by = plan_.rogue || number % plan_.large_one_in == 0
                           ? number * 0x9e3779b97f4a7c15u % (plan_.largest + 1)
                           : 0;
  const bool poison = number * 0x9e3779b97f4a7c15u % 1009 < plan_.poison;
  return (poison ? "poison " : "") + identity_ + " line " + std::to_string(number) +
         std::string(long_by, '.');
}

std::vector<std::string> ProducerNode::bodies(std::size_t lines) const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < lines; ++i) all.push_back(body(i));
  return all;
}

PutItem ProducerNode::item(std::string& body) const {
  std::uint64_t mix = plan_.lines[line_] * 0x9e3779b97f4a7c15u;
  for (const auto letter : identity_)
    mix = (mix ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
  const auto draw = [&mix](std::uint64_t n) {
    return ((mix = mix * 6364136223846793005u + 1442695040888963407u) >> 33) % n;
  };
  body = this->body(line_);
  PutItem item;
  if (plan_.priorities) item.priority = static_cast<std::uint8_t>(draw(max_priority + 1));
  if (plan_.delays && draw(10) < 3) item.delay_ms = static_cast<std::uint32_t>(1 + draw(2000));
  item.body = body;
  return item;
}

void ProducerNode::put() {
  put_ += 1;
  std::string body;
  const auto item = this->item(body);
  PutJudge::Anew anew;
  if (anew_) anew = bodies(plan_.left_out);
  scene_.puts.put(identity_, name(), put_, life(), plan_.queue, item, anew);
  producer_.put(item, {retrace_->at(), std::exchange(anew_, false)});
  touch();
  pause();
}

void ProducerNode::pause() {
  auto& random = world_.random;
  if (plan_.pause == Duration::zero() || random.chance(300)) return;  // a burst
  pausing_ = true;
  later(random.between(Duration::zero(), plan_.pause), [this] { pausing_ = false, act(); });
}

void ProducerNode::finish() {
  if (plan_.joins) {
    producer_.join();
    touch();
    if (!producer_.joined()) return;
    check_join();
  }
  if (!(producer_.flushed() || plan_.hurries) || !may_print()) return;
  closed_ = true;
  print("exiting");
  producer_.close(world_.now());
}

void ProducerNode::check_join() {
  const auto settled = producer_.settled();
  for (const auto& notice : settled.notices)
    PROMISE(notice.history.size() == notice.failures, "the notice of a dead item says who tried");
  PutJudge::Told earlier;
  for (const auto& [life, confirm] : told_) {
    if (life == this->life()) continue;
    earlier.done += confirm.producer.done;
    earlier.dead += confirm.producer.dead;
    earlier.lost += confirm.producer.accepted - confirm.producer.done - confirm.producer.dead;
  }
  scene_.puts.joined(identity_, life(), before_, put_,
                     {settled.done, settled.dead, settled.lost, settled.notices.size()}, earlier);
}

void ProducerNode::welcomed(Life life, const Welcome& welcome) {
  if (std::exchange(begun_, true)) return scene_.puts.goes_on(identity_, name(), life);
  before_ = welcome.put_received;
  scene_.puts.begins(identity_, name(), before_, life);
}

void ProducerNode::heard(Life life, const Confirm& confirm) {
  auto& told = told_[life];
  if (confirm.producer.accepted < told.producer.accepted ||
      confirm.producer.done < told.producer.done || confirm.producer.dead < told.producer.dead)
    return;
  told = confirm;
  scene_.puts.confirmed(identity_, confirm.producer.put_confirmed, life);
}

/// A rogue takes each confirm for one that allows everything.
void ProducerNode::hears(std::string& notification) const {
  Header header;
  Confirm confirm;
  if (!plan_.rogue || read_header(notification, header) != Refusal::none ||
      header.type != MessageType::confirm)
    return;
  if (decode_confirm(payload_of(notification), confirm) != Refusal::none || confirm.ended) return;
  confirm.producer.put_credit = {1ull << 40};
  confirm.producer.put_window = 1ull << 40;
  notification = encode_confirm(header, confirm);
}

void ProducerNode::ended() {
  if (plan_.rogue && session().error() && session().error()->refusal == Refusal::over_credit)
    return;
  // Of two processes of a name one is told to end; and before the last input, and when one is
  // refused, brokers and disks may be in trouble.
  const auto* error = session().error() ? &*session().error() : nullptr;
  const bool fenced = error && error->refusal == Refusal::fenced;
  const bool in_trouble =
      error && error->kind == SessionError::Kind::close_unconfirmed && (!plan_.last || refused_);
  if (scene_.durable && (fenced || in_trouble)) return;
  // A broker that held it for lost may have ended with all the others.
  PROMISE(
      session().state() == ClientSession::State::ended || scene_.broker.finished() || plan_.hurries,
      name() + " ends in peace: " + (session().error() ? session().error()->text : ""));
  if (session().state() != ClientSession::State::ended) return;
  scene_.console.ended(name(), life());
  if (life() == 0) return;
  scene_.puts.closed(identity_, life(), put_);
  if (scene_.durable && put_all())
    scene_.puts.put_whole(identity_, bodies(plan_.lines.size()), put_);
}

// --- printer -------------------------------------------------------------------------------------

PrinterNode::PrinterNode(Scene& scene, std::string name, Duration slow)
    : ClientNode(scene, std::move(name)), printer_(config(Role::printer)), slow_(slow) {}

void PrinterNode::leave() {
  leaving_ = true;
  act();
}

void PrinterNode::act() {
  if (printing_ || session().over()) return;
  ConsoleBlock block;
  if (!leaving_ && printer_.next(block)) {
    scene_.console.printed(name(), logs_.at(block.log - 1), block);
    block.text = {};  // not valid any more when the printing is done
    printing_ = true;
    later(world_.random.between(Duration::zero(), slow_), [this, block] {
      printing_ = false;
      printer_.printed(block);
      touch();
      act();
    });
    return;
  }
  if (leaving_ || printer_.finished()) printer_.close(world_.now());
  touch();
}

}  // namespace baton::internal::simulation
