#include "client/connection.hpp"

#include <algorithm>
#include <cerrno>

#include "client/error.hpp"

namespace baton::internal {
namespace {

std::shared_ptr<Runtime> usable(std::shared_ptr<Runtime> runtime) {
  if (!runtime) return std::make_shared<Runtime>();
  runtime->require_own_process();
  return runtime;
}

std::string_view view(const zmq::message_t& frame) { return {frame.data<char>(), frame.size()}; }

}  // namespace

Connection::Connection(BrokerAddress broker, ClientLogic& logic, std::shared_ptr<Runtime> runtime)
    : broker_(broker),
      logic_(logic),
      runtime_(usable(std::move(runtime))),
      sockets_(runtime_->context(), std::move(broker)) {
  logic_.start(now());
  runtime_->add(*this);
}

Connection::~Connection() { runtime_->remove(*this); }

void Connection::throw_forked() {
  throw ClientError(ClientError::Kind::forked,
                    "this client was made before fork(), and belongs to the parent process: make "
                    "another one here");
}

Time Connection::turn() {
  try {
    return look();
  } catch (...) {
    const Lock lock(mutex_);
    failure_ = std::current_exception();
    notify();
    sent_.notify_all();
    return never;
  }
}

Time Connection::look() {
  incoming_.clear();
  sockets_.receive(incoming_);
  Time deadline;
  bool tell = interrupts_seen_ != interrupts_;
  interrupts_seen_ = interrupts_;
  {
    const Lock lock(mutex_);
    if (failure_) return never;
    for (const auto& one : incoming_) pass_on(one, now());
    logic_.tick(now(), out_);
    tell = logic_.take_change() || tell;
    if (trouble_ != sockets_.trouble()) {
      trouble_ = sockets_.trouble();
      tell = true;
    }
    deadline = logic_.next_deadline();
    looked_ = true;
    asleep_ = out_.empty();
    sending_ = !out_.empty();
    if (tell && event_) event_->signal();
  }
  if (tell) changed_.notify_all();
  if (out_.empty()) {
    sent_.notify_all();
    return std::min(deadline, sockets_.next());
  }
  perform(out_);
  const Lock lock(mutex_);
  if (!looked_) deadline = Time::min();  // more was added meanwhile
  asleep_ = deadline != Time::min();
  sending_ = false;
  sent_.notify_all();
  return std::min(deadline, sockets_.next());
}

void Connection::perform(Outbox& out) {
  for (const auto& request : out.requests) sockets_.perform(request);
  for (auto& message : out.messages) sockets_.send(message.endpoint, std::move(message.bytes));
  out.clear();
}

void Connection::pass_on(const Incoming& incoming, Time now) {
  switch (incoming.what) {
    case Incoming::What::notification:
      return logic_.on_notification(view(incoming.frame), now);
    case Incoming::What::link:
      return logic_.on_link(incoming.generation, view(incoming.frame), now);
    case Incoming::What::link_up:
      return logic_.on_link_up(incoming.generation, now);
    case Incoming::What::link_down:
      return logic_.on_link_down(incoming.generation, now);
  }
}

void Connection::send_now(Lock& lock) {
  changed();
  sent_.wait(lock, [this] { return failure_ || (looked_ && !sending_); });
  if (failure_) std::rethrow_exception(failure_);
}

void Connection::notify() {
  if (event_) event_->signal();
  changed_.notify_all();
}

void Connection::interrupt() {
  if (forked()) return;
  const int error = errno;
  ++interrupts_;
  runtime_->wake(*this);
  errno = error;
}

int Connection::event_fd() {
  if (!event_) {
    event_.emplace();
    event_->signal();
  }
  return event_->fd();
}

void Connection::wait_interruptibly(Lock& lock, Time until) {
  const std::uint64_t before = interrupts_;
  if (before == interrupts_told_) wait(lock, until);
  const std::uint64_t after = interrupts_;
  if (before == interrupts_told_ && before == after) return;
  interrupts_told_ = std::max(interrupts_told_, after);
  throw ClientError(ClientError::Kind::interrupted, "the call was interrupted");
}

void Connection::wait(Lock& lock, Time until) {
  if (failure_) std::rethrow_exception(failure_);
  if (until == never)
    changed_.wait(lock);
  else
    changed_.wait_until(lock, until);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace baton::internal
