#include "client/common.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "proto/version.hpp"
#include "proto/visible.hpp"

namespace baton::internal {
namespace {

/// Until then a search for a broker is not reported: programs may just be starting together.
constexpr Duration look_quietly = 1s;

}  // namespace

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? visible(name) : "unknown";
}

void require_queue_name(std::string_view name) {
  if (!valid_queue_name(name))
    throw ClientError(ClientError::Kind::argument, "'" + visible(name) + "' is not a queue name: " +
                                                       std::string(meaning(Refusal::queue_name)));
}

void require_client_name(std::string_view name) {
  if (name.size() > max_client_name)
    throw ClientError(ClientError::Kind::argument, "the client's name is too long: at most " +
                                                       std::to_string(max_client_name) + " bytes");
  if (!is_plain(name))
    throw ClientError(ClientError::Kind::argument,
                      "'" + visible(name) +
                          "' is not a client's name: it is not UTF-8, or has control characters, "
                          "marks of direction or of byte order");
}

void refuse_block() {
  throw ClientError(ClientError::Kind::argument,
                    "a block of lines is too long: at most " + std::to_string(max_print) +
                        " bytes with its tags and the last newline; print it in several");
}

SessionConfig session_config(Role role, const ClientOptions& options) {
  SessionConfig config;
  config.role = role;
  config.client = "baton " + std::string(product_version);
  config.host = host_name();
  config.pid = static_cast<std::uint64_t>(getpid());
  config.process = process_number();
  config.instance = random_number();
  config.connect_timeout = options.connect_timeout;
  return config;
}

namespace {

ClientError to_exception(const SessionError& error, const Connection& connection) {
  const auto at = to_string(connection.broker());
  const auto& trouble = connection.trouble();
  switch (error.kind) {
    case SessionError::Kind::unreachable:
      return {ClientError::Kind::unreachable,
              "no broker answers at " + at + (trouble.empty() ? "" : ": " + trouble)};
    case SessionError::Kind::refused:
      return {ClientError::Kind::refused,
              "the broker at " + at + " refuses: " + visible(error.text), error.refusal};
    case SessionError::Kind::close_unconfirmed:
      break;
  }
  return {ClientError::Kind::close_unconfirmed,
          "the broker at " + at + " did not confirm the end: the last operations may be lost"};
}

}  // namespace

void throw_if_over(const ClientSession& session, const Connection& connection) {
  if (session.error()) throw to_exception(*session.error(), connection);
  if (session.over()) throw ClientError(ClientError::Kind::closed, "the client is closed");
}

bool wait_for_end(Connection& connection, Connection::Lock& lock, const ClientSession& session,
                  Time until, bool interruptibly) {
  while (!session.over() && Connection::now() < until)
    interruptibly ? connection.wait_interruptibly(lock, until) : connection.wait(lock, until);
  if (session.error()) throw_if_over(session, connection);
  return session.over();
}

void throw_unconfirmed(const Connection& connection) {
  throw to_exception({SessionError::Kind::close_unconfirmed, {}, {}}, connection);
}

std::string console_block(std::string_view lines, HostTag tag, const std::string& broker_host) {
  std::string block;
  block.reserve(lines.size() + 1);
  const auto host = tag == HostTag::off ? std::string() : host_name();
  const bool tagged = tag == HostTag::on || (tag == HostTag::automatic && host != broker_host);
  do {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (tagged) block.append("[").append(host).append("] ");
    block.append(line).push_back('\n');
  } while (!lines.empty());
  return block;
}

void Notices::waited(Connection::Lock& lock, Time since, const std::string& reason,
                     const ClientSession& session) {
  const bool again = last_wait_ == Time::min() || since > last_wait_ + forgotten_after;
  last_wait_ = Connection::now();
  if (reason.empty()) told_.clear();  // the earlier reason is over
  if (!tell_ || reason.empty() || (reason == told_ && !again)) return;
  told_ = reason;
  if (session.out_of_touch(last_wait_) && !session.full())
    contact_ = session.was_welcomed() ? Told::lost : Told::looking;
  print(lock, reason);
}

void Notices::in_touch(Connection::Lock& lock, const ClientSession& session,
                       const BrokerAddress& broker) {
  if (contact_ == Told::nothing || session.out_of_touch(Connection::now())) return;
  const std::string again = std::exchange(contact_, Told::nothing) == Told::lost ? "again " : "";
  told_.clear();
  print(lock, in_contact + again + "with the broker at " + to_string(broker));
}

void Notices::print(Connection::Lock& lock, const std::string& text) {
  const auto tell = tell_;
  lock.unlock();
  try {
    tell(text);
  } catch (const abi::__forced_unwind&) {  // the thread is being ended
    lock.lock();
    throw;
  } catch (...) {  // an exception must not end the waiting call
  }
  lock.lock();
}

std::string no_contact(const ClientSession& session, const Connection& connection) {
  if (session.full()) return visible(session.why_full());
  const auto& trouble = connection.trouble();
  const auto at = to_string(connection.broker()) + (trouble.empty() ? "" : ": " + trouble);
  if (session.was_welcomed()) return "no contact with the broker at " + at;
  if (Connection::now() < connection.started() + look_quietly) return {};
  return "looking for a broker at " + at;
}

std::string why_not_print(const ClientSession& session, const Connection& connection) {
  if (session.out_of_touch(Connection::now())) return no_contact(session, connection);
  const auto& confirm = session.confirmed();
  if (confirm.print_held == Held::console) return "the console is full, its printer is slow";
  if (confirm.print_window == 0) return {};  // the first confirm after the welcome is on its way
  return "the broker has not confirmed earlier lines yet";
}

}  // namespace baton::internal
