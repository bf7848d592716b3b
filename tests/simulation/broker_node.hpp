// The broker in the simulation: its pure parts, its links, and a shell that takes what comes in
// turns. It can be killed and started again, with a memory that is empty and another broker
// instance.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/dispatcher.hpp"
#include "tests/simulation/broker_judge.hpp"
#include "tests/simulation/judge_holders.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/watched_storage.hpp"

namespace baton::internal::simulation {

class BrokerNode final : public BrokerEnd, private broker::Shell {
 public:
  /// How long its storage takes, at most. In memory: 0 where it is to be killed.
  BrokerNode(World& world, PutJudge& puts, HolderJudge& holders,
             const broker::CoreSettings& settings, Peace peace, Duration storage_lag);

  void put(std::string frame);
  void control(std::string frame);
  bool up() const override { return process_ != nullptr; }
  Life life() const override { return judges_.size(); }
  void attach(std::weak_ptr<Connection> connection) override {
    connections_.push_back(std::move(connection));
  }
  void subscription(std::shared_ptr<NotificationConnection> connection, bool arrives) override;
  bool link_connection(std::uint16_t port, std::shared_ptr<DeliveryConnection> connection) override;
  void link_disconnection(const DeliveryConnection& connection) override;

  /// Stands still for a while.
  void pause(Duration time);
  /// As kill -9 does; or in order, as SIGTERM does: with what it still has to say. Its memory is
  /// lost either way, not its disk.
  void kill(bool in_order);
  /// Its log is another's from now on, or cannot be read: it finds out in its next turn, and ends.
  void lose_disk();
  /// Starts it (again).
  void start();
  /// As the operator's tool does: the end of the whole system.
  void shut_down();
  Time up_since() const { return up_since_; }

  /// nullptr where it does not know it, or is down.
  const broker::Session* session(const SessionId& id) const {
    return process_ ? process_->dispatcher.core().find(id) : nullptr;
  }
  bool knows(const SessionId& id) const { return session(id) != nullptr; }
  bool waits_for_disk(const SessionId& session) const {
    return process_ && process_->dispatcher.core().waits_to_begin(session);
  }
  const broker::Queues& queues() const { return process_->dispatcher.core().queues(); }
  /// Who holds the item, as far as the broker knows; nobody while it is down.
  const broker::Session* holder_of(ItemId id) const {
    return process_ ? queues().holder_of(id) : nullptr;
  }
  bool finished() const { return finished_; }
  int exit_code() const { return exit_code_; }
  std::string books() const;
  /// Of the present life, or the last one.
  BrokerJudge& judge() { return *judges_.back(); }
  const BrokerJudge& judge() const { return *judges_.back(); }
  /// The user of a consumer that got the item from that broker instance has settled it.
  void acked(BrokerInstance broker_instance, ItemId id);
  void failed(BrokerInstance broker_instance, ItemId id);
  SimulatedDisk& disk() { return disk_; }
  /// Which life has that broker instance.
  Life life_of(BrokerInstance broker_instance) const;
  BrokerJudge& judge_of(BrokerInstance broker_instance) {
    return judge_of_life(life_of(broker_instance));
  }
  BrokerJudge& judge_of_life(Life life) { return *judges_[life - 1]; }
  std::size_t items() const;
  /// Is this the time for what must always hold?
  void look() const;
  std::uint64_t link_failures_per_mille = 0;  ///< while the world is faulty
  std::size_t most_links = SIZE_MAX;          ///< at a time, likewise
  bool links_may_fail() const { return link_failures_per_mille > 0 || most_links < SIZE_MAX; }

 private:
  struct DeliveryLink {
    SessionId session;
    std::uint32_t generation;
    std::deque<std::string> unsent;
    std::shared_ptr<DeliveryConnection> connection;
    bool used = false;  // one connection is admitted, ever
  };
  struct Subscription {
    std::shared_ptr<NotificationConnection> connection;
    bool arrives;
  };
  /// What dies with it.
  struct Process {
    Process(World& world, BrokerJudge& judge, const broker::CoreSettings& settings,
            std::unique_ptr<broker::Storage> memory_or_disk);

    std::unique_ptr<broker::Storage> storage;
    broker::Dispatcher dispatcher;
    std::deque<std::string> put, control;
    std::deque<Subscription> subscriptions;
    std::map<SessionId, std::vector<std::shared_ptr<NotificationConnection>>>
        subscribed;                               // a connection once for each subscription
    std::map<std::uint16_t, DeliveryLink> links;  // by port
    std::uint16_t next_port = 20'000;             // the same ones in each life
  };

  std::unique_ptr<broker::Storage> make_storage();
  void end(bool in_order);
  void wake(Time when);
  void turn();
  bool read_control();
  void read_put();
  void read_subscriptions();
  void carry_out();
  void open_link(const SessionId& session, std::uint32_t generation) override;
  std::map<std::uint16_t, DeliveryLink>::iterator find_link(const SessionId& session,
                                                            std::uint32_t generation);
  void close_link(const SessionId& session, std::uint32_t generation) override;
  void before_sending(const broker::Effects& effects) override;
  void send(broker::Effects::LinkMessage& message) override;
  void send(broker::Effects::Notification& notification) override;
  void put_out(std::vector<std::string>& /*bodies*/) override {}
  void log(const std::string& line) override;
  std::set<ItemId> handed_off() const;
  BrokerJudge::Knows who_is_known() const;

  World& world_;
  PutJudge& puts_;
  HolderJudge& holders_;
  const broker::CoreSettings settings_;
  const Peace peace_;
  const Duration storage_lag_;
  SimulatedDisk disk_;                                // where it keeps
  std::vector<std::unique_ptr<BrokerJudge>> judges_;  // one for each life
  std::unique_ptr<Process> process_;
  std::vector<std::weak_ptr<Connection>> connections_;
  Time wake_at_ = never, paused_until_{}, up_since_{};
  bool finished_ = false;
  int exit_code_ = 0;
};

}  // namespace baton::internal::simulation
