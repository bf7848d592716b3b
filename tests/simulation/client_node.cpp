#include "tests/simulation/client_node.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/describe.hpp"

namespace baton::internal::simulation {
namespace {

constexpr Duration users_thread = 3ms;  // at most, until a user's thread that was woken has a look
constexpr const char *alive = "alive", *dead = "dead";  // addresses

}  // namespace

SessionConfig ClientNode::config(Role role) {
  SessionConfig config;
  config.role = role;
  config.client = "simulation";
  config.name = name_;
  config.host = "host-" + name_;
  config.connect_timeout = Duration::max();
  config.leave_within = 10s;  // longer than any trouble lasts
  config.instance = ++world_.clients;
  config.draw_id = [this] { return world_.random.session(); };
  return config;
}

/// Some are behind the slow link, where there is one.
Lines ClientNode::draw_lines(Scene& scene) {
  auto& random = scene.world.random;
  auto lines = simulation::draw_lines(random, scene.breaking);
  if (!scene.up || !random.chance(900)) return lines;
  lines.put.rate = lines.link.rate = 0;
  lines.put.bottleneck = scene.up;
  lines.link.bottleneck = scene.down;
  return lines;
}

/// Some hosts have more addresses than their broker is bound to.
std::vector<std::string> ClientNode::draw_addresses(Random& random, bool dead_ones) {
  if (!random.chance(300) || !dead_ones) return {alive};
  if (random.chance(500)) return {alive, dead};
  return {dead, alive};
}

void ClientNode::start() {
  logic().start(world_.now());
  touch();
  later(Duration::zero(), [this] { act(); });
}

// --- what happens to it --------------------------------------------------------------------------

void ClientNode::kill() {
  if (std::exchange(killed_, true)) return;
  world_.trace([&] { return name_ + " is killed"; });
  close_all();
}

void ClientNode::pause(Duration time) {
  world_.trace([&] { return name_ + " is paused"; });
  paused_until_ = world_.now() + time;
  wake(paused_until_);
}

void ClientNode::cut() {
  const auto which = world_.random.below(4);
  world_.trace([&] { return name_ + " loses connection " + std::to_string(which); });
  if (which == 0 && put_) put_->cut();
  if (which == 1 && control_) control_->cut();
  if (which == 2 && notifications_) notifications_->cut();
  if (which == 3 && link_) link_->cut();
}

void ClientNode::cut_link() {
  if (link_) link_->cut();
}

void ClientNode::stall(Duration time) {
  const auto which = world_.random.below(4);
  world_.trace([&] { return name_ + " has a silent connection " + std::to_string(which); });
  if (which == 0 && put_) put_->stall(time);
  if (which == 1 && control_) control_->stall(time);
  if (which == 2 && notifications_) notifications_->stall(time);
  if (which == 3 && link_) link_->stall(time);
}

// --- the connection's thread ---------------------------------------------------------------------

void ClientNode::take_in(Event event) {
  if (killed_) return;
  incoming_.push_back(std::move(event));
  touch();
}

void ClientNode::touch() { wake(world_.now() + world_.random.between(Duration::zero(), 50us)); }

void ClientNode::wake(Time when) {
  when = std::max(when, paused_until_);
  if (when >= wake_at_ || when == never) return;
  wake_at_ = when;
  world_.at(when, [this, when] {
    if (wake_at_ != when) return;
    wake_at_ = never;
    run();
  });
}

void ClientNode::run() {
  if (killed_ || end_told_) return;
  if (world_.now() < paused_until_) return wake(paused_until_);
  run_once();
  if (session().over() && !std::exchange(end_told_, true)) {
    world_.trace([&] { return name_ + " has ended"; });
    close_all();
    if (!end_heard_ && life_ > 0) scene_.broker.judge_of_life(life_).left_unheard(session().id());
    return ended();
  }
  wake(logic().next_deadline());
}

void ClientNode::run_once() {
  const auto before = session().id();
  const auto now = world_.now();
  for (const auto& event : std::exchange(incoming_, {})) feed(event);
  Outbox out;
  logic().tick(now, out);
  observe();
  check_invariants();
  if (session().id() != before)
    world_.trace([&] { return name_ + " is now " + to_hex(session().id()).substr(0, 8); });
  for (const auto& request : out.requests) perform(request);
  for (auto& message : out.messages) send(message);
  if (logic().take_change())
    later(world_.random.between(Duration::zero(), users_thread), [this] { act(); });
}

void ClientNode::feed(const Event& event) {
  const auto now = world_.now();
  const auto* notification = std::get_if<OnNotification>(&event);
  const auto* link = std::get_if<OnLink>(&event);
  if (notification || link)
    world_.trace([&] {
      return name_ + " <- " + describe(notification ? notification->frame : link->frame);
    });
  if (notification) choice_.answered();
  if (notification) judge(notification->frame);
  if (notification) {
    auto frame = notification->frame;
    hears(frame);
    const bool greeting = session().state() == ClientSession::State::greeting;
    logic().on_notification(frame, now);
    if (greeting && session().established()) judge_welcome(notification->frame);
  }
  if (link) {
    link_heard_ = now;
    logic().on_link(link->generation, link->frame, now);
  }
  if (const auto* up = std::get_if<LinkUp>(&event)) {
    link_up_ = up->generation == link_generation_;
    link_heard_ = now;
    logic().on_link_up(up->generation, now);
  }
  if (const auto* down = std::get_if<LinkDown>(&event)) logic().on_link_down(down->generation, now);
}

/// What it is told, read apart from its session's logic.
void ClientNode::judge(std::string_view notification) {
  Header header;
  Confirm confirm;
  if (read_header(notification, header) != Refusal::none || header.session != session().id())
    return;
  if (!session().established() || header.broker_instance != session().broker_instance()) return;
  if (header.type == MessageType::console)
    scene_.console.told(life_, header, payload_of(notification));
  if (header.type != MessageType::confirm) return;
  if (decode_confirm(payload_of(notification), confirm) != Refusal::none) return;
  end_heard_ = end_heard_ || confirm.ended;
  if (confirm.ended) return;
  scene_.console.confirmed(name_, header.session, confirm.control_received);
  heard(life_, confirm);
}

/// That was taken: not one of a session that may be lost by now.
void ClientNode::judge_welcome(std::string_view frame) {
  Header header;
  Welcome welcome;
  read_header(frame, header);
  parse(payload_of(frame), welcome);
  const auto life = scene_.broker.life_of(header.broker_instance);
  if (life == life_)
    scene_.console.confirmed(name_, stood_as_, welcome.previous_control);
  else
    scene_.console.stands(name_, life);
  life_ = life;
  stood_as_ = header.session;
  welcomed(life, welcome);
}

// --- its sockets ---------------------------------------------------------------------------------

void ClientNode::perform(const SocketRequest& request) {
  switch (request.kind) {
    case SocketRequest::Kind::open:
      return open(request.topic);
    case SocketRequest::Kind::connect_link:
      if (link_) link_->close();
      link_generation_ = request.generation;
      link_up_ = false;
      link_ = std::make_shared<DeliveryConnection>(world_, lines_.link, scene_.broker, *this,
                                                   session().id(), request.generation);
      return link_->connect(request.port);
    case SocketRequest::Kind::close_link:
      PROMISE(!scene_.lossless || !link_up_ || session().closing() ||
                  world_.now() >= link_heard_ + session_timeout,
              name_ + " gives no delivery link up that moves");
      if (link_ && link_generation_ == request.generation) link_->close();
      return;
  }
}

void ClientNode::open(const SessionId& topic) {
  close_all();
  auto& broker = scene_.broker;
  put_ = std::make_shared<EndpointConnection>(
      world_, lines_.put, broker, [&broker](std::string frame) { broker.put(std::move(frame)); });
  control_ = std::make_shared<EndpointConnection>(
      world_, lines_.control, broker,
      [&broker](std::string frame) { broker.control(std::move(frame)); });
  notifications_ = std::make_shared<NotificationConnection>(
      world_, lines_.notifications, broker, topic,
      [this](std::string frame) { take_in(OnNotification{std::move(frame)}); });
  if (choice_.next(addresses_) == dead) return;
  put_->connect();
  control_->connect();
  notifications_->connect();
}

void ClientNode::close_all() {
  if (put_) put_->close();
  if (control_) control_->close();
  if (notifications_) notifications_->close();
  if (link_) link_->close();
}

void ClientNode::send(Outbox::Message& message) {
  world_.trace([&] { return name_ + " -> " + describe(message.bytes); });
  Header header;
  PROMISE(read_header(message.bytes, header) == Refusal::none, "clients send valid messages");
  if (header.count > 0)
    PROMISE(check_entries(header.type, payload_of(message.bytes), header.count) == Refusal::none,
            "clients send valid entries");
  if (message.endpoint == TargetEndpoint::control) scene_.console.sent(message.bytes);
  if (header.type == MessageType::hello) greets();
  if (header.type == MessageType::control) {
    EntryReader in(payload_of(message.bytes));
    for (Entry entry; in.next(entry);) says(entry);
  }
  if (message.endpoint == TargetEndpoint::put && header.count > 0) judge_put(header, message.bytes);
  (message.endpoint == TargetEndpoint::put ? put_ : control_)
      ->send(std::string(message.bytes.view()));
}

/// Where nothing is lost, nothing is sent twice.
void ClientNode::judge_put(const Header& header, std::string_view message) {
  const bool again = put_sent_.first == header.session && header.number <= put_sent_.second;
  PROMISE(!again || !scene_.lossless,
          name_ + " sends put " + std::to_string(header.number.value) + " once");
  const auto numbers = header.count - (begins_with_digest(payload_of(message)) ? 1u : 0u);
  put_sent_ = {header.session, {header.number.value + numbers - 1}};
}

// --- its user ------------------------------------------------------------------------------------

void ClientNode::later(Duration delay, std::function<void()> what) {
  world_.after(delay, [this, what = std::move(what)] {
    if (killed_) return;
    if (world_.now() < paused_until_) return later(paused_until_ - world_.now(), what);
    what();
  });
}

void ClientNode::print(const std::string& text) {
  const bool is_long = scene_.long_lines > 0 && world_.random.chance(100);
  print_block(scene_.console.print(
      name_, is_long ? text + std::string(world_.random.below(scene_.long_lines), '.') : text));
  touch();
}

}  // namespace baton::internal::simulation
