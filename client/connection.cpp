#include "client/connection.hpp"

#include "client/error.hpp"
#include "net/no_signals.hpp"

namespace baton {
namespace {

std::string_view view(const zmq::message_t& frame) { return {frame.data<char>(), frame.size()}; }

/// Signals are for the user's threads.
template <class Body>
std::thread thread_without_signals(Body body) {
  const NoSignals none;
  return std::thread(body);
}

}  // namespace

Connection::Connection(Endpoint broker, ClientLogic& logic)
    : broker_(broker), logic_(logic), sockets_(std::move(broker)) {
  logic_.start(now());
  thread_ = thread_without_signals([this] { run(); });
}

Connection::~Connection() {
  {
    const Lock lock(mutex_);
    stop_ = true;
    wake_.signal();
  }
  thread_.join();
}

void Connection::throw_forked() {
  throw ClientError(ClientError::Kind::forked,
                    "this client was made before fork(), and belongs to the parent process: make another one here");
}

void Connection::run() {
  try {
    loop();
  } catch (...) {
    const Lock lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
    sent_.notify_all();
  }
}

void Connection::loop() {
  Outbox out;
  std::vector<Incoming> incoming;
  for (;;) {
    Time deadline;
    bool notify = false;
    {
      const Lock lock(mutex_);
      if (stop_) return;
      for (const auto& one : incoming) feed(one, now());
      logic_.tick(now(), out);
      notify = logic_.take_change();
      if (trouble_ != sockets_.trouble()) {
        trouble_ = sockets_.trouble();
        notify = true;
      }
      deadline = logic_.next_deadline();
      looked_ = true;
      asleep_ = out.empty();
      sending_ = !out.empty();
    }
    if (out.empty()) sent_.notify_all();
    incoming.clear();
    if (notify) changed_.notify_all();
    if (!out.empty()) {
      perform(out);
      const Lock lock(mutex_);
      if (!looked_) deadline = Time::min();  // more has gathered meanwhile
      asleep_ = deadline != Time::min();
      sending_ = false;
      sent_.notify_all();
    }
    sockets_.poll(wake_, deadline);
    sockets_.receive(incoming);
  }
}

void Connection::perform(Outbox& out) {
  for (const auto& request : out.requests) sockets_.perform(request);
  for (auto& message : out.messages) sockets_.send(message.door, std::move(message.bytes));
  out.clear();
}

void Connection::feed(const Incoming& incoming, Time now) {
  switch (incoming.what) {
    case Incoming::What::news:
      return logic_.on_news(view(incoming.frame), now);
    case Incoming::What::lane:
      return logic_.on_lane(incoming.generation, view(incoming.frame), now);
    case Incoming::What::lane_up:
      return logic_.on_lane_up(incoming.generation, now);
    case Incoming::What::lane_down:
      return logic_.on_lane_down(incoming.generation, now);
  }
}

void Connection::send_now(Lock& lock) {
  changed();
  sent_.wait(lock, [this] { return failure_ || (looked_ && !sending_); });
  if (failure_) std::rethrow_exception(failure_);
}

void Connection::wait(Lock& lock, Time until) {
  if (failure_) std::rethrow_exception(failure_);
  if (until == never)
    changed_.wait(lock);
  else
    changed_.wait_until(lock, until);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace baton
