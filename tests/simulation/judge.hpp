// A naive model of what is promised, written apart from the broker and the clients: it hears what the users do, what the
// storage is told and what goes over the wire, and objects.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/storage.hpp"
#include "proto/message.hpp"
#include "tests/simulation/world.hpp"

namespace baton::simulation {

/// Who may take items.
using User = std::string;

/// The life of items.
class ItemJudge {
 public:
  ItemJudge(World& world, std::uint32_t max_attempts) : world_(world), max_attempts_(max_attempts) {}

  // A producer's user.
  void put(const std::string& producer, Number number, const std::string& queue, const PutItem& item);

  // The broker's storage.
  void stored(const broker::Storage::Record& record, std::string_view body);
  void updated(const broker::Storage::Record& record);
  void erased(ItemId id);

  // The broker's lanes: each item of each message of a turn, then the turn's end.
  void message_begins() { ++message_; }
  void given(const SessionId& session, const Given& given, bool heard);
  void turn_ends();

  // A consumer's user.
  void taken(const User& user, const SessionId& session, const Given& given, const std::string& queue);
  void acked(ItemId id);
  void failed(ItemId id);

  /// Items in the hands of users whose sessions stand at both ends: each in one.
  void check_hands(const std::map<ItemId, std::vector<User>>& hands) const;
  /// All work is done.
  void check_end() const;

  /// What became of a producer's items: all that it put, and how many of these are done or dead.
  struct Sum {
    std::uint64_t put = 0, stored = 0, done = 0, dead = 0;
  };
  Sum sum(const std::string& producer) const;
  /// No consumer is lost in this run, so that nothing may be redelivered but what its user failed or gave back.
  void expect_calm() { calm_ = true; }
  /// Connections do not break in this run, so that whoever takes an item knows that it is still his.
  void expect_trust() { trust_ = true; }
  std::size_t stored_items() const { return items_.size(); }
  std::uint64_t dead() const { return dead_; }

 private:
  struct Put {
    std::string queue, body;
    std::uint8_t priority = 0;
    std::uint32_t delay_ms = 0;
    bool stored = false;
  };
  struct Item {
    std::string producer;
    const Put* put = nullptr;
    Time due{};                    // not before
    SessionId given_to{};          // the last one
    std::uint32_t failures = 0;    // as the storage knows
    std::uint32_t user_fails = 0;  // said by users
    bool handed = false, ack_said = false, done = false, dead = false;
  };
  /// Items that were not handed off yet and have no delay, of one queue.
  using Waiting = std::map<std::uint8_t, std::deque<ItemId>, std::greater<>>;

  Item& item(ItemId id);
  void check_lanes() const;

  World& world_;
  std::uint32_t max_attempts_;
  bool calm_ = false, trust_ = false;
  std::map<std::string, std::map<Number, Put>> puts_;  // by producer
  std::map<std::string, Number> last_stored_;          // by producer
  std::map<ItemId, Item> items_;
  std::map<std::string, Waiting> waiting_;                       // by queue
  std::map<std::string, std::set<ItemId>> first_given_;          // in this turn, by queue
  std::vector<std::pair<std::uint64_t, ItemId>> first_in_turn_;  // with the message
  std::map<ItemId, int> times_in_turn_;
  std::uint64_t message_ = 0;  // counts them
  ItemId last_id_;
  ItemId last_of_turn_;  // the last one of the turn before
  std::uint64_t dead_ = 0;
};

/// Asks and their answers, as the wire shows them.
class AskJudge {
 public:
  void control_sent(std::string_view frame);
  void answered(const SessionId& session, std::uint32_t generation, std::uint32_t count);

 private:
  struct Asker {
    Number next{1};
    std::uint32_t generation = 1;
    std::uint64_t asked = 0, answered = 0;
  };
  std::map<SessionId, Asker> askers_;
};

/// Console lines: "SAYER#COUNT ...".
class ConsoleJudge {
 public:
  /// Returns the block that says `text`.
  std::string say(const std::string& sayer, const std::string& text);
  /// The sayer's session ended as it wished: all it said is in.
  void ended(const std::string& sayer) { ended_.insert(sayer); }

  void printed(const std::string& printer, std::uint64_t number, std::string_view block, std::uint64_t missing);
  /// `complete`: nothing may be missing, of all printers together.
  void check_end(bool complete) const;

 private:
  std::map<std::string, std::uint64_t> said_;  // by sayer: how many
  std::map<std::string, std::vector<std::string>> texts_;
  std::set<std::string> ended_;
  std::map<std::uint64_t, std::string> log_;   // by number
  std::map<std::string, std::uint64_t> last_;  // by printer: the last number that it printed
};

}  // namespace baton::simulation
