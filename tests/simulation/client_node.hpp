// A client in the simulation: a pure session, its connections, and a user who reacts when told that
// something changed.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "client/address_choice.hpp"
#include "client/client_session.hpp"
#include "client/logic.hpp"
#include "tests/simulation/broker_node.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/network.hpp"

namespace baton::internal::simulation {

/// What all nodes share.
struct Scene {
  World& world;
  BrokerNode& broker;
  PutJudge& puts;
  ConsoleJudge& console;
  HolderJudge& holders;
  bool breaking;          ///< messages may be lost, doubled and slow
  bool durable;           ///< the broker does
  bool lossless = false;  ///< as in Peace, but for links on which nothing comes for too long
  /// Hosts may have addresses at which nobody answers. A client may be there when a broker that
  /// stood still for long goes on.
  bool dead_addresses = true;
  bool connected = false;  ///< no connection breaks but with the broker, and no link fails
  bool all_run = false;    ///< and no client stands still, so that puts are sent again in time
  /// A slow link, to and from the broker, that many of the clients are behind; nullptr: there is
  /// none.
  Bottleneck *up = nullptr, *down = nullptr;
  std::uint64_t long_lines = 0;  ///< as in Troubles
};

class ClientNode : public ClientEnd {
 public:
  ClientNode(Scene& scene, std::string name)
      : scene_(scene),
        world_(scene.world),
        name_(std::move(name)),
        lines_(draw_lines(scene)),
        addresses_(draw_addresses(scene.world.random, scene.dead_addresses)),
        since_(scene.world.now()) {}

  void start();
  /// As kill -9 does.
  void kill();
  /// As SIGSTOP does, and SIGCONT after a while.
  void pause(Duration time);
  /// As SIGTERM does.
  virtual void leave() = 0;
  /// Something happens to one of the connections, chosen by chance.
  void cut();
  void stall(Duration time);
  void cut_link();

  const std::string& name() const { return name_; }
  bool killed() const { return killed_; }
  bool stands_still() const { return world_.now() < paused_until_; }
  bool over() const { return killed_ || session().over(); }
  virtual const ClientSession& session() const = 0;
  Time since() const { return since_; }  ///< when it was started
  /// Whether the broker's name has another address for it, at which nobody answers.
  bool has_dead_address() const { return addresses_.size() > 1; }
  virtual void check_invariants() const = 0;

  void link(std::uint32_t generation, std::string bytes) override {
    take_in(OnLink{generation, std::move(bytes)});
  }
  void link_up(std::uint32_t generation) override { take_in(LinkUp{generation}); }
  void link_down(std::uint32_t generation) override { take_in(LinkDown{generation}); }

 protected:
  virtual ClientLogic& logic() = 0;
  /// The user looks at what may have changed.
  virtual void act() = 0;
  /// The session is over; called once, unless killed.
  virtual void ended() {}
  /// After each time that the logic was fed: what the node itself keeps count of.
  virtual void observe() {}
  /// It has a welcome from the broker of that life; a confirm.
  virtual void welcomed(Life, const Welcome&) {}
  virtual void heard(Life, const Confirm&) {}
  /// It sends that on its control stream.
  virtual void says(const Entry&) {}
  /// It has said hello.
  virtual void greets() {}
  /// What its logic is to hear in the place of this.
  virtual void hears(std::string& /*notification*/) const {}
  Life life() const { return life_; }  ///< of the broker that has welcomed it last
  Time stood_still_until() const { return paused_until_; }
  Time link_heard() const { return link_heard_; }

  SessionConfig config(Role role);
  /// The user called the logic: it is to look at what there is to send.
  void touch();
  /// For the user: time stands still while the process is paused, and ends with it.
  void later(Duration delay, std::function<void()> what);
  void print(const std::string& text);
  virtual bool may_print() const = 0;
  virtual void print_block(const std::string& block) = 0;

  Scene& scene_;
  World& world_;

 private:
  struct OnNotification {
    std::string frame;
  };
  struct OnLink {
    std::uint32_t generation;
    std::string frame;
  };
  struct LinkUp {
    std::uint32_t generation;
  };
  struct LinkDown {
    std::uint32_t generation;
  };
  using Event = std::variant<OnNotification, OnLink, LinkUp, LinkDown>;

  static Lines draw_lines(Scene& scene);
  static std::vector<std::string> draw_addresses(Random& random, bool dead_ones);
  void take_in(Event event);
  void feed(const Event& event);
  void judge(std::string_view notification);
  void judge_welcome(std::string_view frame);
  void run();
  void run_once();
  void wake(Time when);
  void perform(const SocketRequest& request);
  void open(const SessionId& topic);
  void close_all();
  void send(Outbox::Message& message);
  void judge_put(const Header& header, std::string_view message);

  const std::string name_;
  const Lines lines_;
  const std::vector<std::string> addresses_;
  AddressChoice choice_;
  const Time since_;
  SessionId stood_as_;
  Life life_ = 0;
  std::vector<Event> incoming_;
  std::shared_ptr<EndpointConnection> put_, control_;
  std::shared_ptr<NotificationConnection> notifications_;
  std::shared_ptr<DeliveryConnection> link_;
  std::uint32_t link_generation_ = 0;
  std::pair<SessionId, SeqNo>
      put_sent_;  // the last number of the put stream that was sent, and of which session
  Time wake_at_ = never, paused_until_{}, link_heard_{};
  bool killed_ = false, end_told_ = false, end_heard_ = false, link_up_ = false;
};

}  // namespace baton::internal::simulation
