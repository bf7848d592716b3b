// Who has an item in hand, counted at the users: which item it is says its put, whatever ids
// brokers give it; in hand is what a living user was given and has not settled, unless it was
// rightly lost. What is right the judge knows from what the network and the world show: when a
// client was heard, when its notification connection was gone, when its process stood still.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/simulation/judge.hpp"

namespace baton::internal::simulation {

/// A consumer with its user.
class Holder {
 public:
  virtual ~Holder() = default;
  virtual const User& user() const = 0;
  /// Its process lives, and its user has not settled what it was given by that take.
  virtual bool works_on(std::uint64_t tag) const = 0;
  /// Nothing kept it from being back with a broker that was started again then.
  virtual bool undisturbed_since(Time time) const = 0;
};

/// Two living holders of one item are excused only by what docs/GUARANTEES.md and
/// proto/PROTOCOL.md (section 4) allow.
class HolderJudge {
 public:
  /// `keeps`: the broker does. `may_break`: so do connections, and who is cut off may begin what
  /// has gone elsewhere.
  HolderJudge(World& world, bool durable, bool may_break)
      : world_(world), durable_(durable), may_break_(may_break) {}

  // The broker's process, and what reaches its sockets, read or not.
  void begins() { lives_.push_back({world_.now(), never}); }
  void ends();
  void stands_still(Time from, Time to) { pauses_.emplace_back(from, to); }
  void hears(std::string_view frame);
  void subscription(const SessionId& topic, bool arrives);

  // A consumer has a session with the broker of that life; it has been told of all that it reclaims
  // in vain there.
  void welcomed(const Holder& holder, Life life, const SessionId& session);
  void reclaims_answered(const Holder& holder) { stays_.at(&holder).back().answered = true; }

  /// What an item is: the number of its put, and its body; by which process it was put, and when it
  /// was stored in this life.
  struct What {
    SeqNo number;
    std::string_view body;
    SessionId run;
    Time stored;
  };
  /// Its user is given the item, by the broker of its last session that stood.
  void takes(const Holder& holder, ItemId id, std::uint64_t tag, const What& what);
  /// Its client knows that what its user works on is lost. Called before reclaims_answered().
  void loses(const Holder& holder, std::uint64_t tag);

 private:
  /// What the network shows of a session, in one life.
  struct Contact {
    Time heard, left = never;  ///< left: since no subscription is there
    int subscriptions = 0;
    bool could_be_lost = false;  ///< the broker may have held it for lost, then or since
  };
  /// A session of a client.
  struct Stay {
    Life life;
    SessionId session;
    bool late;              ///< too late to reclaim what it held with the broker before
    bool answered = false;  ///< what it has not lost by then is its own again
  };
  struct Hand {
    const Holder* holder;
    ItemId id;
    std::uint64_t tag;
    std::size_t stay;
    SessionId run;
    bool wronged = false;  ///< it was told that this is lost, for no reason that the network shows
  };
  struct LifeTime {
    Time began, ended;
  };
  using Which = std::pair<SeqNo, std::string>;

  Life life() const { return lives_.size(); }
  Contact& contact(const SessionId& session);
  void look(Contact& contact) const;
  bool could_be_lost(const Stay& stay);
  Duration pauses_since(Time time) const;
  Time reclaims_end(Life life) const;
  bool is_late(const Holder& holder, const Stay& was, Life life) const;
  bool has_lost(const Hand& hand, Life by);
  const char* excuse(const Hand& first, const Hand& second, const What& what);

  World& world_;
  const bool durable_, may_break_;
  std::vector<LifeTime> lives_;
  std::vector<std::pair<Time, Time>> pauses_;
  std::map<std::pair<Life, SessionId>, Contact> contacts_;
  std::map<const Holder*, std::vector<Stay>> stays_;
  std::map<Which, std::vector<Hand>> hands_;
};

}  // namespace baton::internal::simulation
