// The three kinds of client with a user: what the programs of this project do, and some more.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consumer/consumer_session.hpp"
#include "printer/printer_session.hpp"
#include "producer/producer_session.hpp"
#include "producer/retrace.hpp"
#include "tests/simulation/client_node.hpp"

namespace baton::internal::simulation {

struct ProducerPlan {
  std::string queue = "default";
  std::vector<std::uint64_t> lines;  ///< the input: the same number is the same line
  bool last = true;                  ///< no other version of the input comes under this name
  bool is_start = false;             ///< whatever was put under this name before ...
  std::size_t left_out = 0;          ///< ... begin behind so many lines
  Duration pause{};                  ///< at most, between two puts
  std::uint32_t largest = 200;       ///< bytes of a body
  std::uint32_t large_one_in = 10;
  bool priorities = false, delays = false;
  std::uint64_t poison = 0;  ///< per mille of its items
  bool joins = true;
  bool hurries = false;  ///< closes right after its last put
  bool rogue = false;    ///< heeds no credit
};

/// Puts items, the last one only once the faults are over; joins or waits for the confirmation,
/// says a line, leaves.
class ProducerNode final : public ClientNode {
 public:
  ProducerNode(Scene& scene, std::string name, std::string identity, const ProducerPlan& plan);

  void leave() override {}
  const ClientSession& session() const override { return producer_.session(); }
  void check_invariants() const override { producer_.check_invariants(); }
  const std::string& identity() const { return identity_; }
  const ProducerPlan& plan() const { return plan_; }
  /// All of its input is in. Else what it has left is for another process of the name.
  bool put_all() const {
    return session().state() == ClientSession::State::ended && closed_ && !refused_;
  }
  /// Its input is not what was put under this name.
  bool refused() const { return refused_; }

 protected:
  ClientLogic& logic() override { return producer_; }
  void act() override;
  void ended() override;
  void welcomed(Life life, const Welcome& welcome) override;
  void heard(Life life, const Confirm& confirm) override;
  void hears(std::string& notification) const override;
  bool may_print() const override { return producer_.may_print(); }
  void print_block(const std::string& block) override { producer_.print(block); }

 private:
  void begin();
  void next_line();
  void put();
  void pause();
  void end_of_input();
  void finish();
  void leave_refused();
  void check_join();
  bool at_end() const { return line_ == plan_.lines.size(); }
  std::string body(std::size_t line) const;
  PutItem item(std::string& body) const;
  std::vector<std::string> bodies(std::size_t lines) const;

  std::string identity_;
  ProducerPlan plan_;
  ProducerSession producer_;
  SeqNo put_;             // the last number that was put
  SeqNo before_;          // put by earlier processes of this name
  std::size_t line_ = 0;  // the next one
  std::optional<Retrace> retrace_;
  bool begun_ = false, anew_ = false, refused_ = false;
  std::map<Life, Confirm> told_;  // the last confirm of each broker
  bool started_ = false, pausing_ = false, closed_ = false;
};

struct ConsumerPlan {
  std::uint64_t process = 1;  ///< several consumers may be of one: what ends it ends them all
  std::vector<std::string> queues{"default"};
  int jobs = 1;
  std::uint32_t prefetch = 0;
  Duration work{};                                    ///< at most, for an item
  Duration rest{};                                    ///< at most, before asking
  std::uint64_t fails = 0, releases = 0, delays = 0;  ///< per mille
  /// Per mille of its works are the last of a run: what waits or comes is given back.
  std::uint64_t pauses = 0;
  std::uint64_t times_out = 0;  ///< per mille of the gets have a time-out
  Duration time_limit = 500ms;  ///< at most, until then
};

/// Gets items with several jobs, says a line for each, works, settles; until told to leave.
class ConsumerNode final : public ClientNode, public Holder {
 public:
  ConsumerNode(Scene& scene, std::string name, const ConsumerPlan& plan);

  void leave() override;
  /// Its user's program ends in good order, and says nothing of what it holds.
  void forsake();
  const ClientSession& session() const override { return consumer_.session(); }
  void check_invariants() const override { consumer_.check_invariants(); }
  /// The items that its user has in hand: those that its broker knows of; all, if both ends hold
  /// this session for alive and its reclaims are answered; and such as it was in touch for since it
  /// took them, whatever became of the broker meanwhile.
  void add_hands(std::vector<BrokerJudge::Hand>& hands) const;
  const User& user() const override { return name(); }
  bool works_on(std::uint64_t tag) const override;
  bool undisturbed_since(Time time) const override {
    return !scene_.breaking && stood_still_until() < time;
  }
  bool ever_stood() const { return ever_stood_; }
  bool has_slow_hands() const { return plan_.work >= 12s; }
  std::uint64_t process() const { return plan_.process; }
  /// What becomes of its process when its user begins to work on poison.
  void on_poison(std::function<void()> dies) { dies_ = std::move(dies); }

 protected:
  ClientLogic& logic() override { return consumer_; }
  void act() override;
  void ended() override;
  void observe() override;
  void says(const Entry& entry) override;
  void greets() override;
  void welcomed(Life life, const Welcome&) override {
    scene_.holders.welcomed(*this, life, session().id());
  }
  bool may_print() const override { return consumer_.may_print(); }
  void print_block(const std::string& block) override { consumer_.print(block); }

 private:
  struct Job {
    enum class Does { rest, wait, cancel_requests, print, work, nothing } does = Does::rest;
    ItemId item;
    BrokerInstance broker_instance;     // of the broker that gave it
    bool poison = false;                // it ends the process
    bool lost = false;                  // as far as its client knows
    std::uint64_t tag = 0;              // tells items of the same id apart
    std::uint32_t count = 0;            // of deliveries, that it was given with
    std::uint64_t get = 0;              // counts its gets: a time-out belongs to one
    std::uint64_t cancel_requests = 0;  // the ticket of the last cancellation when its time was up
    bool in_hand() const { return does == Does::print || does == Does::work; }
  };
  void act(Job& job);
  void get(Job& job);
  bool take(Job& job);
  void give_up(Job& job);
  void expect_return(const Job& job);
  void work(Job& job);
  void settle(Job& job);
  void rest(Job& job);
  void end_run();
  void tell_holders();
  void check_requests() const;

  struct Mine {
    ItemId id;
    std::string put;  // which it is, in all lives
    Time since;
    Life life;  // of the broker that knows of it
  };
  bool in_touch_with(const Mine& mine) const;

  ConsumerPlan plan_;
  ConsumerSession consumer_;
  std::vector<Job> jobs_;
  std::map<ItemId, std::uint32_t> settled_;    // as done or failed: with which count of deliveries
  std::map<ItemId, std::uint32_t> reclaimed_;  // the same, and what was in hand, when it said hello
  SessionId greeted_as_;
  std::map<std::uint64_t, Mine> mine_;  // by take: taken, not settled, and not known to be lost
  std::string body_;                    // of what was taken last
  std::function<void()> dies_;
  bool ever_stood_ = false, closed_ = false, closed_in_trouble_ = false;
};

/// Prints what comes, one block at a time.
class PrinterNode final : public ClientNode {
 public:
  PrinterNode(Scene& scene, std::string name, Duration slow);

  void leave() override;
  const ClientSession& session() const override { return printer_.session(); }
  void check_invariants() const override { printer_.check_invariants(); }

 protected:
  ClientLogic& logic() override { return printer_; }
  void act() override;
  void welcomed(Life life, const Welcome&) override {
    if (logs_.empty() || logs_.back() != life) logs_.push_back(life);
  }
  bool may_print() const override { return false; }
  void print_block(const std::string&) override {}

 private:
  PrinterSession printer_;
  std::vector<Life> logs_;  // of the brokers whose lines it prints
  Duration slow_;
  bool printing_ = false, leaving_ = false;
};

}  // namespace baton::internal::simulation
