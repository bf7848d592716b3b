// One run: broker and clients in a world that one seed decides; first everything breaks, then all
// must come to its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tests/simulation/troubles.hpp"
#include "tests/simulation/users.hpp"

namespace baton::internal::simulation {

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool tracing);
  /// A small scenario where nothing goes wrong but what set_fate() says. `calm`: nobody may be lost
  /// for it.
  Simulation(std::uint64_t seed, bool calm, bool tracing);
  void set_fate(std::function<Fate(const std::string&)> fate) { world_.fate = std::move(fate); }

  /// Throws Violation when a promise is broken.
  void run();

  std::uint64_t digest() const { return world_.digest(); }
  std::size_t items() const { return broker_.items(); }
  /// For people: what stands still, when something does.
  std::string state() const;

 private:
  static const std::vector<std::string> queue_names;
  static broker::CoreSettings small_settings();

  void add_producer(std::string identity, const ProducerPlan& plan);
  void add_consumer();
  void add_printer();
  void populate();
  void populate_small();

  void trouble();
  void trouble(const Troubles& chances);
  std::vector<ClientNode*> process_of(ClientNode& node) const;
  std::uint64_t draw_process();
  void kill(ClientNode& node);
  void pause(ClientNode& node, Duration time);
  void kill_one(ClientNode& node);
  void leave(ClientNode& node);
  void restart_broker();
  void visit();
  void add_newcomers();
  void offer_few_links();
  void step_clock();
  void cut_short(ClientNode& leaving);
  void pause_slow_hands();
  void add_twin(const ProducerNode& node);
  void go_on_with_inputs();
  ProducerPlan next_run(const ProducerNode& last);
  void change(std::vector<std::uint64_t>& lines);
  std::vector<std::uint64_t> new_lines(std::uint64_t count);
  std::vector<const ProducerNode*> processes_of(const std::string& identity) const;
  void check_in_touch(Life life) const;
  ClientNode* any_client();

  void add_last_producer();
  void shut_down_when_done();
  void safety();
  void liveness();
  void step();
  void check();
  void check_bounds(const std::string& queue, std::uint64_t items, std::uint64_t bytes) const;
  std::uint64_t most_items() const;
  std::uint64_t most_bytes() const;
  bool finished() const;
  bool comes_too_late(const ClientNode& node) const;
  void check_end() const;

  const bool small_;
  World world_;
  const bool durable_;
  const std::uint64_t producers_, consumers_, printers_, rogues_;
  const Troubles troubles_;
  const broker::CoreSettings settings_;
  const Peace peace_;
  std::optional<Bottleneck> up_, down_;
  PutJudge puts_;
  std::vector<BrokerJudge::Hand> hands_;  // of check(), kept for its memory
  ConsoleJudge console_;
  HolderJudge holders_;
  BrokerNode broker_;
  Scene scene_;
  std::vector<std::unique_ptr<ClientNode>>
      clients_;  // in the order in which they came; the dead stay
  std::vector<ConsumerNode*> consumer_nodes_;
  std::uint64_t names_ = 0, processes_ = 0;
  std::map<std::string, std::uint64_t> versions_left_;  // of each producer's input
  std::uint64_t lines_ = 0;                             // that were ever written
  int producers_waited_for_ = 0;                        // that will be started, or started again
  std::uint64_t largest_body_ = 0;
  bool inputs_left_ = false;
  bool lines_may_miss_ = false;
  std::uint64_t newcomers_ = 0;
  std::map<std::string, BrokerJudge::Depth> loaded_;  // at the start of the broker's present life
  Time look_at_{};
};

}  // namespace baton::internal::simulation
