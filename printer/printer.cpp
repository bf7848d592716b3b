#include "printer/printer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "client/common.hpp"
#include "printer/printer_session.hpp"

namespace baton::internal {
namespace {

using Kind = ClientError::Kind;

/// Blocks are written together up to this size: a process that is killed repeats or cuts at most
/// one such write.
constexpr std::size_t write_bytes = 16u << 10;

/// Blocks to be written together.
struct Batch {
  std::string text;
  struct End {
    std::size_t at;      // in `text`
    ConsoleBlock block;  // without its text
  };
  std::vector<End> ends;

  /// The last block that is complete within the first `size` bytes; nullptr if none.
  const ConsoleBlock* last_within(std::size_t size) const {
    const auto after = std::upper_bound(ends.begin(), ends.end(), size,
                                        [](std::size_t at, const End& end) { return at < end.at; });
    return after == ends.begin() ? nullptr : &std::prev(after)->block;
  }
};

void append_block(std::string& out, const ConsoleBlock& block) {
  if (block.missing > 0)
    out += "[" + std::to_string(block.missing) +
           (block.missing == 1 ? " older block" : " older blocks") +
           " of lines dropped by the broker]\n";
  out += block.text;
  if (!out.ends_with('\n'))
    out += '\n';  // the next block begins on a new line, whatever client prints it
}

}  // namespace

struct Printer::Impl {
  explicit Impl(ClientOptions given)
      : options(std::move(given)),
        session(session_config(Role::printer, options)),
        notices(options.on_notice),
        connection(options.broker, session, options.runtime) {}

  /// Fills `batch` with waiting blocks. Returns false if there are no more to come.
  bool gather(Connection::Lock& lock, Batch& batch) {
    batch.text.clear();
    batch.ends.clear();
    while (wait(lock)) {
      ConsoleBlock block;
      while (batch.text.size() < write_bytes && session.next(block)) {
        append_block(batch.text, block);
        batch.ends.push_back({batch.text.size(), block});
      }
      if (!batch.text.empty()) return true;
      connection.changed();  // waiting blocks were all printed before
    }
    return false;
  }

  /// Waits; returns whether there are blocks.
  bool wait(Connection::Lock& lock) {
    wait_until_ready(
        connection, lock, notices, session.session(),
        [&] { return session.waiting() > 0 || session.finished() || stopped || closing; },
        [&] {
          return session.session().out_of_touch(Connection::now())
                     ? no_contact(session.session(), connection)
                     : std::string();
        });
    return !stopped && !closing && session.waiting() > 0;
  }

  /// Exists while run() is running.
  class Running {
   public:
    explicit Running(Impl& impl) : impl_(impl) {
      if (impl_.running.exchange(true)) throw ClientError(Kind::busy, "run() is running already");
    }
    ~Running() { impl_.running = false; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Impl& impl_;
  };

  /// `write` returns how many bytes it has written; if not all, it cannot write any more.
  template <class Write>
  void run(Write write) {
    Batch batch;
    auto lock = connection.lock();
    const Running one(*this);
    for (bool all = true; all && gather(lock, batch);) {
      lock.unlock();
      const std::size_t written = write(batch.text);
      lock.lock();
      all = written == batch.text.size();
      if (const auto* last = batch.last_within(written)) session.printed(*last);
      connection.send_now(lock);  // before the next write, so that a killed process repeats no more
                                  // than that
    }
    stopped = false;
  }

  const ClientOptions options;
  PrinterSession session;
  Notices notices;
  bool stopped = false, closing = false;
  std::atomic<bool> running = false;
  bool left = false;      // by a close(within) that was not confirmed in time
  Connection connection;  // declared last: its thread ends first
};

Printer::Printer(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Printer::~Printer() {
  try {
    close(Duration::max());
  } catch (const std::exception&) {  // callers that want errors use close()
  }
  left_alone(impl_);
}

void Printer::run(const std::function<std::size_t(std::string_view)>& write) { impl_->run(write); }

void Printer::stop() {
  const auto lock = impl_->connection.lock();
  impl_->stopped = true;
  impl_->connection.notify();
}

void Printer::close(TimeLimit within) {
  auto lock = impl_->connection.lock();
  if (impl_->left || (impl_->closing && impl_->session.session().over())) return;
  impl_->closing = true;
  impl_->connection.notify();
  impl_->session.close(Connection::now());
  impl_->connection.changed();
  const Time until = deadline_after(Connection::now(), Duration(within));
  impl_->left = !wait_for_end(impl_->connection, lock, impl_->session.session(), until);
  if (impl_->left) throw_unconfirmed(impl_->connection);
}

}  // namespace baton::internal
