// The three kinds of client with a user: what the programs of this project do, and some more.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "consumer/consumer_session.hpp"
#include "printer/printer_session.hpp"
#include "producer/producer_session.hpp"
#include "tests/simulation/client_node.hpp"

namespace baton::simulation {

struct ProducerPlan {
  std::string queue = "default";
  std::uint64_t items = 0;      ///< of a source, over all processes of this name
  std::uint64_t sources = 1;    ///< that are put under this name, one after the other
  std::uint64_t source = 0;     ///< the one that is put now, from 0
  Duration pause{};             ///< at most, between two puts
  std::uint32_t largest = 200;  ///< bytes of a body
  bool priorities = false, delays = false;
  std::uint64_t poison = 0;  ///< per mille of its items
  bool joins = true;
  bool hurries = false;  ///< says bye right after its last put
  bool rogue = false;    ///< heeds no credit
};

/// Puts items, the last one only once the faults are over; joins or waits for the confirmation, says a line, leaves.
class ProducerNode final : public ClientNode {
 public:
  ProducerNode(Scene& scene, std::string name, std::string identity, const ProducerPlan& plan);

  void leave() override {}
  const Session& session() const override { return producer_.session(); }
  void check_invariants() const override { producer_.check_invariants(); }
  const std::string& identity() const { return identity_; }
  const ProducerPlan& plan() const { return plan_; }
  /// All of its source is in. Else what it has left is for another process of the name.
  bool put_all() const { return session().state() == Session::State::ended && bye_; }

 protected:
  ClientLogic& logic() override { return producer_; }
  void act() override;
  void ended() override;
  void welcomed(Life life, const Welcome& welcome) override;
  void heard(Life life, const Confirm& confirm) override;
  void hears(std::string& news) const override;
  bool may_say() const override { return producer_.may_say(); }
  void say_block(const std::string& block) override { producer_.say(block); }

 private:
  void put();
  void finish();
  void check_join();
  std::uint64_t end_of_source() const { return (plan_.source + 1) * plan_.items; }
  bool last_source() const { return plan_.source + 1 == plan_.sources; }
  PutItem item(std::string& body) const;
  void check_before(const Welcome& welcome) const;

  std::string identity_;
  ProducerPlan plan_;
  ProducerSession producer_;
  Number put_;     // the last number that was put
  Number before_;  // put by earlier processes of this name
  bool begun_ = false;
  std::map<Life, Confirm> told_;  // the last confirm of each broker
  bool started_ = false, pausing_ = false, bye_ = false;
};

struct ConsumerPlan {
  std::vector<std::string> queues{"default"};
  int jobs = 1;
  std::uint32_t prefetch = 0;
  Duration work{};                                    ///< at most, for an item
  Duration rest{};                                    ///< at most, before asking
  std::uint64_t fails = 0, releases = 0, delays = 0;  ///< per mille
  std::uint64_t times_out = 0;                        ///< per mille of the gets have a time-out
  Duration patience = 500ms;                          ///< at most, until then
};

/// Gets items with several jobs, says a line for each, works, settles; until told to leave.
class ConsumerNode final : public ClientNode {
 public:
  ConsumerNode(Scene& scene, std::string name, const ConsumerPlan& plan);

  void leave() override;
  /// Its user's program ends in good order, and says nothing of what it holds.
  void forsake();
  const Session& session() const override { return consumer_.session(); }
  void check_invariants() const override { consumer_.check_invariants(); }
  /// The items that its user has in hand, as far as both ends hold this session for alive.
  void add_hands(std::map<ItemId, std::vector<User>>& hands) const;
  bool ever_stood() const { return ever_stood_; }
  /// What becomes of its process when its user begins to work on poison.
  void on_poison(std::function<void()> dies) { dies_ = std::move(dies); }

 protected:
  ClientLogic& logic() override { return consumer_; }
  void act() override;
  void ended() override;
  void observe() override;
  bool may_say() const override { return consumer_.may_say(); }
  void say_block(const std::string& block) override { consumer_.say(block); }

 private:
  struct Job {
    enum class Does { rest, wait, withdraw, say, work, nothing } does = Does::rest;
    ItemId item;
    Epoch epoch;                 // of the broker that gave it
    bool poison = false;         // it ends the process
    std::uint64_t take = 0;      // tells items of the same id apart
    std::uint64_t get = 0;       // counts its gets: a time-out belongs to one
    std::uint64_t withdraw = 0;  // the ticket of the last withdraw when its time was up
  };
  void act(Job& job);
  void get(Job& job);
  bool take(Job& job);
  void give_up(Job& job);
  void work(Job& job);
  void settle(Job& job);
  void rest(Job& job);

  ConsumerPlan plan_;
  ConsumerSession consumer_;
  std::vector<Job> jobs_;
  std::map<std::uint64_t, ItemId> mine_;  // by take: taken, not settled, not lost with a session
  std::function<void()> dies_;
  SessionId stood_as_;
  bool ever_stood_ = false, bye_ = false, bye_in_trouble_ = false;
};

/// Prints what comes, one block at a time.
class PrinterNode final : public ClientNode {
 public:
  PrinterNode(Scene& scene, std::string name, Duration slow);

  void leave() override;
  const Session& session() const override { return printer_.session(); }
  void check_invariants() const override { printer_.check_invariants(); }

 protected:
  ClientLogic& logic() override { return printer_; }
  void act() override;
  void welcomed(Life life, const Welcome&) override {
    if (logs_.empty() || logs_.back() != life) logs_.push_back(life);
  }
  bool may_say() const override { return false; }
  void say_block(const std::string&) override {}

 private:
  PrinterSession printer_;
  std::vector<Life> logs_;  // of the brokers whose lines it prints
  Duration slow_;
  bool printing_ = false, leaving_ = false;
};

}  // namespace baton::simulation
