// The broker in the simulation: its pure parts, its lanes, and a shell that takes what comes in turns.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "broker/front.hpp"
#include "broker/memory_storage.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/network.hpp"

namespace baton::simulation {

/// Memory that tells the judge, and takes its time to call something durable.
class WatchedStorage final : public broker::Storage {
 public:
  WatchedStorage(World& world, ItemJudge& judge, Duration lag) : world_(world), judge_(judge), lag_(lag) {}

  void put(const Record& record, std::string_view body) override;
  std::string_view body(ItemId id) override { return memory_.body(id); }
  void update(const Record& record, const std::vector<broker::Attempt>& history) override;
  void erase(ItemId id) override;
  broker::Ticket commit() override;
  Durable durable() override { return {durable_, durable_, {}}; }
  /// Called when something has become durable.
  std::function<void()> on_durable;

 private:
  World& world_;
  ItemJudge& judge_;
  Duration lag_;
  broker::MemoryStorage memory_;
  broker::Ticket last_ = 0, durable_ = 0;
  bool changed_ = false;  // since the last commit
};

class BrokerNode final : public BrokerEnd {
 public:
  BrokerNode(World& world, ItemJudge& items, AskJudge& asks, const broker::Settings& settings, Duration storage_lag);

  void put(std::string frame);
  void control(std::string frame);
  void subscription(std::shared_ptr<NewsLink> link, bool arrives) override;
  bool lane_connection(std::uint16_t port, std::shared_ptr<LaneLink> link) override;
  void lane_disconnection(const LaneLink& link) override;

  /// Stands still for a while.
  void pause(Duration time);
  bool knows(const SessionId& session) { return front_.core().find(session) != nullptr; }
  const broker::Stock& stock() { return front_.core().stock(); }
  bool finished() const { return finished_; }
  int exit_code() const { return exit_code_; }
  std::uint64_t refused(Refusal refusal) { return front_.core().refused(refusal); }
  std::string books() const;
  std::uint64_t lane_failures_per_mille = 0;  ///< while the world is faulty

 private:
  struct Lane {
    SessionId session;
    std::uint32_t generation;
    std::deque<std::string> unsent;
    std::shared_ptr<LaneLink> link;
    bool used = false;  // one connection is admitted, ever
  };
  struct Subscription {
    std::shared_ptr<NewsLink> link;
    bool arrives;
  };

  void wake(Time when);
  void turn();
  bool read_control();
  void read_put();
  void read_subscriptions();
  void carry_out();
  void open_lane(const broker::Effects::LaneChange& change);
  std::map<std::uint16_t, Lane>::iterator find_lane(const SessionId& session, std::uint32_t generation);
  void close_lane(const SessionId& session, std::uint32_t generation);
  void send_lane(broker::Effects::LaneMessage& message);
  void send_news(const broker::Effects::News& news);

  World& world_;
  ItemJudge& items_;
  AskJudge& asks_;
  WatchedStorage storage_;
  broker::Front front_;
  std::deque<std::string> put_, control_;
  std::deque<Subscription> subscriptions_;
  std::map<SessionId, std::vector<std::shared_ptr<NewsLink>>> subscribed_;  // a link is in once for each subscription
  std::map<std::uint16_t, Lane> lanes_;                                     // by port
  std::uint16_t next_port_ = 20'000;
  Time wake_at_ = never, paused_until_{};
  bool finished_ = false;
  int exit_code_ = 0;
};

}  // namespace baton::simulation
