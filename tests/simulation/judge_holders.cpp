#include "tests/simulation/judge_holders.hpp"

#include <algorithm>

#include "proto/message.hpp"

namespace baton::internal::simulation {
namespace {

constexpr Duration slack = 1ms;
/// The broker's own pause does not count, but for so much of it as may pass for a nap between two
/// turns.
constexpr Duration nap = heartbeat_interval + slack;
/// Of a body: it names its producer and its line.
constexpr std::size_t telling = 64;

}  // namespace

// --- what the network shows ----------------------------------------------------------------------

Duration HolderJudge::pauses_since(Time time) const {
  Duration sum{};
  for (const auto& [from, to] : pauses_) {
    const auto pause = std::min(to, world_.now()) - std::max(from, time);
    if (pause > nap + longest_pause) sum += pause - nap;
  }
  return sum;
}

HolderJudge::Contact& HolderJudge::contact(const SessionId& session) {
  return contacts_.try_emplace({life(), session}, Contact{world_.now()}).first->second;
}

void HolderJudge::look(Contact& contact) const {
  const auto passed = [&](Time since, Duration limit) {
    const auto length = world_.now() - since;
    return length >= limit - slack && length - pauses_since(since) >= limit - slack;
  };
  if (passed(contact.heard, session_timeout) ||
      (contact.left != never && passed(contact.left, reconnect_grace)))
    contact.could_be_lost = true;
}

void HolderJudge::hears(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  auto& contact = this->contact(header.session);
  look(contact);
  contact.heard = world_.now();
}

void HolderJudge::subscription(const SessionId& topic, bool arrives) {
  auto& contact = this->contact(topic);
  look(contact);
  contact.subscriptions += arrives ? 1 : -1;
  contact.left = contact.subscriptions > 0 ? never : world_.now();
}

/// What could be lost by then stays so.
void HolderJudge::ends() {
  for (auto& [session, contact] : contacts_)
    if (session.first == life()) look(contact);
  for (auto& [from, to] : pauses_) to = std::min(to, world_.now());
  lives_.back().ended = world_.now();
}

bool HolderJudge::could_be_lost(const Stay& stay) {
  auto& contact = contacts_.at({stay.life, stay.session});
  if (lives_[stay.life - 1].ended == never) look(contact);
  return contact.could_be_lost;
}

// --- who is back in time -------------------------------------------------------------------------

Time HolderJudge::reclaims_end(Life life) const {
  const auto began = lives_[life - 1].began;
  return began + reclaim_window + pauses_since(began);
}

/// Whether the broker of `life` may have given away by now what the client held when it was last
/// with a broker: it was kept from being back for too long, or a broker in between had ended before
/// it could be back.
bool HolderJudge::is_late(const Holder& holder, const Stay& was, Life life) const {
  for (auto between = was.life + 1; between < life; ++between)
    if (lives_[between - 1].ended < reclaims_end(between)) return true;
  return life > was.life && world_.now() >= reclaims_end(life) - slack &&
         !holder.undisturbed_since(lives_[was.life - 1].ended);
}

void HolderJudge::welcomed(const Holder& holder, Life life, const SessionId& session) {
  auto& stays = stays_[&holder];
  stays.push_back({life, session, !stays.empty() && is_late(holder, stays.back(), life)});
}

// --- who has what --------------------------------------------------------------------------------

/// Whether the broker of `by` may rightly have given it to another since: until its holder is told
/// what it has lost. What a later broker grants it tells nothing of that one.
bool HolderJudge::has_lost(const Hand& hand, Life by) {
  const auto& stays = stays_.at(hand.holder);
  auto from = hand.stay;
  for (auto i = from + 1; i < stays.size(); ++i)
    if (stays[i].answered && stays[i].life <= by) from = i;
  for (auto i = from; i < stays.size(); ++i)
    if ((i > from && stays[i].late) || could_be_lost(stays[i])) return true;
  return is_late(*hand.holder, stays.back(), by);
}

/// nullptr: there is none.
const char* HolderJudge::excuse(const Hand& first, const Hand& second, const What& what) {
  const auto given_in = [&](const Hand& hand) { return stays_.at(hand.holder)[hand.stay].life; };
  const auto life = given_in(second);
  if (!durable_ && given_in(first) != life) return "the broker keeps nothing";
  const bool put_again = first.id != second.id;
  if (put_again && first.run != second.run) return "another process has put it again";
  if (put_again && what.stored >= reclaims_end(life) - slack) return "it was put again too late";
  if (!first.wronged && has_lost(first, life)) return "the first one could be held for lost";
  if (may_break_ && has_lost(second, life)) return "the second one could be held for lost";
  return nullptr;
}

void HolderJudge::loses(const Holder& holder, std::uint64_t tag) {
  for (auto& [which, hands] : hands_) {
    const auto hand = std::find_if(hands.begin(), hands.end(), [&](const Hand& hand) {
      return hand.holder == &holder && hand.tag == tag;
    });
    if (hand == hands.end()) continue;
    hand->wronged = !has_lost(*hand, stays_.at(&holder).back().life);
    if (!hand->wronged) hands.erase(hand);
    return;
  }
}

void HolderJudge::takes(const Holder& holder, ItemId id, std::uint64_t tag, const What& what) {
  auto& hands = hands_[{what.number, std::string(what.body.substr(0, telling))}];
  std::erase_if(hands, [](const Hand& hand) { return !hand.holder->works_on(hand.tag); });
  const Hand mine{&holder, id, tag, stays_.at(&holder).size() - 1, what.run};
  for (const auto& other : hands) {
    if (other.holder == &holder) continue;
    const auto both = [&] {
      return holder.user() + " is given what " + other.holder->user() + " has in hand";
    };
    const auto* excused = excuse(other, mine, what);
    PROMISE(excused, both() + ", put " + std::to_string(what.number.value) +
                         ": an item has one living holder");
    world_.trace([&] { return both() + ": " + excused; });
  }
  hands.push_back(mine);
}

}  // namespace baton::internal::simulation
