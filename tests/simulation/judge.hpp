// Naive models of what is promised, written apart from the broker and the clients: they hear what the users do, what the
// storage is told and what goes over the wire, and object.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proto/message.hpp"
#include "tests/simulation/world.hpp"

namespace baton::simulation {

/// What ends the process that begins to work on it.
inline bool is_poison(std::string_view body) { return body.starts_with("poison "); }

/// Who may take items.
using User = std::string;

/// A broker's life, from its start to its death: they are counted from 1.
using Life = std::uint64_t;

/// What producers put: over all lives of the broker. Of each name, its processes put the same sources, one after the
/// other, so an item's number says which one it is.
class PutJudge {
 public:
  /// `keeps`: what is confirmed outlives the broker.
  explicit PutJudge(bool keeps) : keeps_(keeps) {}

  struct Put {
    std::string queue, body;
    std::uint8_t priority = 0;
    std::uint32_t delay_ms = 0;
    Life stored_in = 0;  ///< the last life that has stored it
    Life confirmed = 0;  ///< the life that told its producer so; 0: none
    Life settled = 0;    ///< the last life in which it was done or dead
    bool dead = false;   ///< settled that way
  };

  /// A process of this name begins: the broker has items up to `before` of the ones before.
  void begins(const std::string& producer, Number before);
  void put(const std::string& producer, Number number, Life life, const std::string& queue, const PutItem& item);
  /// A broker takes an item in.
  const Put& stored(Life life, const std::string& producer, Number number);
  void settled(Life life, const std::string& producer, Number number, bool dead);
  /// The producer was told that everything up to `number` is kept.
  void confirmed(const std::string& producer, Number number, Life life);

  /// Of one name: what a disk has, when a broker begins with it.
  struct Loaded {
    Number received;
    std::map<Number, bool> items;  ///< whether each is dead
  };
  /// A broker that keeps begins. `counts_lost`: counts of what was done may be behind, since the disk was full.
  void loads(Life life, const std::map<std::string, Loaded>& disk, bool counts_lost);
  /// The broker that keeps has said that all up to `number` is kept: a confirm, or a welcome that goes on after it.
  void promised(const std::string& producer, Number number);
  /// The broker has said to the producer that so many of its items are done or dead.
  void counted(const std::string& producer, std::uint64_t settled);

  struct Told {
    std::uint64_t done = 0, dead = 0, lost = 0, notices = 0;
  };
  /// A producer that waited for its items ends, in `life`: `before` had been put when it began, `earlier` is what it was
  /// told of items in earlier lives when it heard of each of these last.
  void joined(const std::string& producer, Life life, Number before, const Told& told, const Told& earlier) const;
  /// A producer says bye: all that it put is in, and was kept as long as its broker lived.
  void said_bye(const std::string& producer, Life life);

 private:
  void loads(Life life, const std::string& producer, const Loaded& disk);
  void joined_kept(const std::string& producer, const Told& told) const;

  const bool keeps_;
  bool counts_lost_ = false;
  std::map<std::string, Number> promised_;                                // by producer
  std::map<std::string, std::uint64_t> counted_;                          // by producer
  std::map<std::string, std::map<Number, Put>> puts_;                     // by producer
  std::map<std::string, Number> confirmed_;                               // by producer: to the present process
  std::map<std::pair<Life, std::string>, std::pair<Number, Number>> in_;  // first and last number of each in each life
};

/// Console lines: "SAYER#COUNT ...".
class ConsoleJudge {
 public:
  /// Returns the block that says `text`.
  std::string say(const std::string& sayer, const std::string& text);
  /// A control message of the sayer: which of its numbers are lines.
  void sent(std::string_view frame);
  /// The broker has the session's control stream up to `number`.
  void confirmed(const std::string& sayer, const SessionId& session, Number number);
  /// The sayer has its first session with the broker of `life`.
  void stands(const std::string& sayer, Life life);
  /// The sayer's session ended as it wished: all it said is in.
  void ended(const std::string& sayer, Life life) { ended_[sayer] = life; }

  /// Printers stay connected and read: nothing is dropped before they have it.
  void expect_all() { all_ = true; }
  void printed(const std::string& printer, Life life, std::uint64_t number, std::string_view block,
               std::uint64_t missing);
  /// `complete`: nothing may be missing in the last life, of all printers together.
  void check_end(Life last, bool complete) const;

 private:
  using Log = std::map<std::uint64_t, std::string>;  // by number
  void check(Life life, const Log& log, bool complete, std::map<std::string, std::uint64_t>& heard) const;

  bool all_ = false;
  std::map<std::string, std::vector<std::string>> texts_;       // by sayer
  std::map<SessionId, std::map<Number, std::uint64_t>> lines_;  // by session and control number: the line's count
  std::map<std::string, std::uint64_t> confirmed_;              // by sayer: so many lines are in
  std::map<std::pair<std::string, Life>, std::uint64_t>
      confirmed_before_;  // ... when its first session in the life began
  std::map<std::string, Life> ended_;
  std::map<Life, Log> logs_;
  std::map<std::pair<std::string, Life>, std::uint64_t> last_;  // by printer: the last number that it printed
};

}  // namespace baton::simulation
