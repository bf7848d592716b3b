#include "bench/worker.hpp"

#include <sys/eventfd.h>

#include <chrono>
#include <cstring>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace baton::internal::bench {
namespace {

using namespace std::chrono_literals;

// The first bytes of each body. The rest is noise.
struct Header {
  std::uint64_t producer = 0;
  std::uint64_t sequence = 0;
  std::int64_t sent = 0;  // nanoseconds of the machine's monotonic clock; 0 when nobody measures
};
static_assert(sizeof(Header) == body_header);

std::int64_t now() { return std::chrono::steady_clock::now().time_since_epoch() / 1ns; }

// Bodies that differ in their header only.
class Bodies {
 public:
  explicit Bodies(const Task& task) : header_{task.index, 0, 0}, body_(task.size, '\0') {
    std::mt19937 random(task.seed);
    for (char& c : body_) c = static_cast<char>(random());
  }

  std::string_view next(std::int64_t sent) {
    header_.sent = sent;
    std::memcpy(body_.data(), &header_, sizeof header_);
    header_.sequence++;
    return body_;
  }

 private:
  Header header_;
  std::string body_;
};

Header header_of(std::string_view body) {
  Header header;
  if (body.size() < sizeof header) throw std::runtime_error("an item that nobody put");
  std::memcpy(&header, body.data(), sizeof header);
  return header;
}

// Only its own worker writes a tally: a plain load and store do.
void add(Tally& tally, std::uint64_t item) {
  tally.sum.store(tally.sum.load(std::memory_order_relaxed) + item, std::memory_order_relaxed);
  tally.count.store(tally.count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

int produce(const Task& task, Board& board) {
  const auto sender = make_sender(task.way);
  Bodies bodies(task);
  for (std::uint64_t i = 0; !board.stop.load(std::memory_order_relaxed); ++i) {
    sender->send(bodies.next(0));
    add(board.put[task.index], mix(task.index, i));
  }
  sender->finish();
  return 0;
}

/// Whether as many items wait as are to stand in the queue; at the end none are.
bool backlog_stands(const Task& task, const Board& board) {
  if (board.stop.load(std::memory_order_relaxed)) return true;
  const auto got = total(board.got).count;
  return total(board.put).count >= got + task.way.backlog;
}

int consume(const Task& task, Board& board) {
  constexpr std::uint64_t look_every = 64;  // items
  const auto receiver = make_receiver(task.way);
  while (!board.drained.load(std::memory_order_relaxed)) {
    const auto mine = board.got[task.index].count.load(std::memory_order_relaxed);
    if (task.way.backlog > 0 && mine % look_every == 0 && !backlog_stands(task, board)) {
      std::this_thread::sleep_for(100us);
      continue;
    }
    const auto body = receiver->receive();
    if (!body) continue;
    const Header header = header_of(*body);
    receiver->done();
    add(board.got[task.index], mix(header.producer, header.sequence));
  }
  return 0;
}

int ping(const Task& task, Board& board) {
  constexpr auto pause = 300us;  // by then the consumer is idle, and asks
  const auto sender = make_sender(task.way);
  Bodies bodies(task);
  for (std::uint64_t i = 0; !board.stop.load(std::memory_order_relaxed); ++i) {
    std::this_thread::sleep_for(pause);
    sender->send(bodies.next(now()));
    add(board.put[task.index], mix(task.index, i));
    eventfd_t got = 0;
    if (eventfd_read(task.baton, &got) != 0) return 1;
  }
  sender->finish();
  return 0;
}

int pong(const Task& task, Board& board) {
  const auto receiver = make_receiver(task.way);
  while (!board.drained.load(std::memory_order_relaxed)) {
    const auto body = receiver->receive();
    if (!body) continue;
    const std::int64_t arrived = now();
    const Header header = header_of(*body);
    const std::uint64_t n = board.latency_count.load(std::memory_order_relaxed);
    if (n < max_latencies) board.latencies[n] = arrived - header.sent;
    board.latency_count.store(std::min<std::uint64_t>(n + 1, max_latencies),
                              std::memory_order_release);
    receiver->done();
    add(board.got[task.index], mix(header.producer, header.sequence));
    eventfd_write(task.baton, 1);
  }
  return 0;
}

}  // namespace

std::vector<std::string> to_arguments(const std::string& program, const Task& task) {
  std::ostringstream text;
  text << static_cast<int>(task.role) << ' ' << task.board << ' ' << task.baton << ' ' << task.index
       << ' ' << task.size << ' ' << task.seed << ' ' << task.way.proxy << ' ' << task.way.depth
       << ' ' << task.way.backlog << ' ' << task.way.address;
  return {program, worker_mark, text.str()};
}

Task from_arguments(const std::vector<std::string>& arguments) {
  Task task;
  int role = 0;
  std::istringstream text(arguments.at(2));
  text >> role >> task.board >> task.baton >> task.index >> task.size >> task.seed;
  text >> task.way.proxy >> task.way.depth >> task.way.backlog;
  if (!text || task.index >= max_workers)
    throw std::invalid_argument("not a worker's task: " + text.str());
  text >> task.way.address;
  task.role = static_cast<Role>(role);
  return task;
}

int run_worker(const Task& task) {
  const SharedBoard board(task.board);
  switch (task.role) {
    case Role::proxy:
      return run_proxy(*board, task.way.depth);
    case Role::producer:
      return produce(task, *board);
    case Role::consumer:
      return consume(task, *board);
    case Role::ping:
      return ping(task, *board);
    case Role::pong:
      return pong(task, *board);
  }
  return 1;
}

}  // namespace baton::internal::bench
