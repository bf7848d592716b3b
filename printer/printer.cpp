#include "printer/printer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>
#include <system_error>

#include "client/common.hpp"
#include "printer/printer_session.hpp"

namespace baton {
namespace {

using Kind = ClientError::Kind;

/// Blocks are written together up to this size: a process that is killed repeats or cuts one such write at most.
constexpr std::size_t write_bytes = 16u << 10;

void wait_writable(int fd) {
  pollfd item{fd, POLLOUT, 0};
  ::poll(&item, 1, -1);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      wait_writable(fd);
    else if (errno != EINTR)
      throw ClientError(Kind::output, "cannot write: " + std::generic_category().message(errno));
  }
}

void append_block(std::string& out, const ConsoleBlock& block) {
  if (block.missing > 0)
    out += "[" + std::to_string(block.missing) + (block.missing == 1 ? " older block" : " older blocks") +
           " of lines dropped by the broker]\n";
  out += block.text;
  if (!out.ends_with('\n')) out += '\n';  // the next block begins a line of its own, whoever said this one
}

}  // namespace

struct Printer::Impl {
  explicit Impl(ClientOptions given)
      : options(std::move(given)),
        session(session_config(Role::printer, options)),
        notices(options.on_notice),
        connection(options.broker, session) {}

  /// Fills `out` with what waits and `last` with the last block of it. False when there is no more to come.
  bool gather(Connection::Lock& lock, std::string& out, ConsoleBlock& last) {
    wait_until_ready(
        connection, lock, notices, session.session(),
        [&] { return session.waiting() > 0 || session.finished() || stopped; },
        [&] {
          return session.session().out_of_touch(Connection::now()) ? no_contact(session.session(), options.broker)
                                                                   : std::string();
        });
    if (stopped) return false;
    ConsoleBlock block;
    out.clear();
    while (out.size() < write_bytes && session.next(block)) append_block(out, last = block);
    return !out.empty();
  }

  template <class Write>
  void run(Write write) {
    std::string out;
    ConsoleBlock last;
    auto lock = connection.lock();
    while (gather(lock, out, last)) {
      lock.unlock();
      write(out);
      lock.lock();
      session.printed(last);
      connection.send_now(lock);  // before the next write: so that a process that is killed repeats no more than that
    }
  }

  const ClientOptions options;
  PrinterSession session;
  Notices notices;
  bool stopped = false;
  Connection connection;  // the last: its thread ends first
};

Printer::Printer(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Printer::~Printer() {
  try {
    close();
  } catch (const std::exception&) {  // who wants to know calls close()
  }
}

void Printer::run(int fd) {
  impl_->run([fd](std::string_view bytes) { write_all(fd, bytes); });
}

void Printer::run(std::ostream& out) {
  impl_->run([&out](std::string_view bytes) {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
    if (!out) throw ClientError(Kind::output, "cannot write to the stream");
  });
}

void Printer::stop() {
  const auto lock = impl_->connection.lock();
  impl_->stopped = true;
  impl_->connection.notify();
}

void Printer::close() {
  auto lock = impl_->connection.lock();
  if (impl_->session.session().state() == Session::State::ended) return;
  impl_->session.bye(Connection::now());
  impl_->connection.changed();
  while (!impl_->session.session().over()) impl_->connection.wait(lock);
  if (impl_->session.session().error()) throw_if_over(impl_->session.session(), impl_->options.broker);
}

}  // namespace baton
