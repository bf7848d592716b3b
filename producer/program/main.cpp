#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "baton/producer.hpp"
#include "cli/command_line.hpp"
#include "cli/program.hpp"
#include "os/log.hpp"
#include "os/standard_streams.hpp"
#include "producer/program/run.hpp"
#include "proto/counted.hpp"
#include "proto/limits.hpp"
#include "proto/visible.hpp"

using namespace baton::internal;

namespace {

using baton::Counts;
using baton::Error;
using baton::Producer;
using baton::Status;

constexpr const char* program = "baton-producer";
constexpr int bad_input = 2, some_died = 3, some_lost = 4;
constexpr std::size_t named_dead = 20;
constexpr baton::TimeLimit progress_every = std::chrono::seconds(1);

/// Returns the memory of large bodies to the system, instead of keeping it. (Otherwise the
/// allocator adapts to the first large body and keeps the next ones.)
void keep_no_large_memory() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

std::chrono::milliseconds parse_delay(const std::string& text) {
  const auto delay = parse_seconds(text);
  if (delay.count() > std::numeric_limits<std::uint32_t>::max())
    throw std::invalid_argument("'" + text + "' is more than 49 days");
  return delay;
}

/// Checks that it can be read, as far as possible without opening it: a pipe is opened once only.
void check_file(const std::string& name) {
  if (name == "-") return;
  if (name.empty()) throw std::invalid_argument("the name of the file is missing");
  struct stat status {};
  if (stat(name.c_str(), &status) != 0 || access(name.c_str(), R_OK) != 0)
    throw std::invalid_argument("cannot open " + name + ": " +
                                std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode))
    throw std::invalid_argument("cannot read " + name + ": it is a directory");
}

/// Why some cannot be put; empty if all can. Checked before the first one is put.
std::string unreadable(const std::vector<std::string>& names) {
  try {
    std::for_each(names.begin(), names.end(), check_file);
    return {};
  } catch (const std::invalid_argument& error) {
    return std::string("--whole: ") + error.what();
  }
}

/// What is put together after all options are read.
struct Given {
  std::chrono::milliseconds delay{};
  std::uint32_t priority = default_priority;
  bool raw = false, text = false;
};

/// What to put, and where to begin.
void add_input_options(cli::CommandLine& line, ProducerSettings& settings, Given& given) {
  line.words("ITEM", "...", "a word, or JSON; - puts the lines of stdin");
  line.checked("--file", settings.file, check_file, "put the lines of a file, - for stdin")
      .noun("the name of a file")
      .shown("FILE");
  line.flag("--text", given.text, "put everything as {\"name\": ...}, even if it begins like JSON");
  line.flag("--raw", given.raw, "put each word or line as it is, byte by byte; blank lines, too");
  line.flag("--whole", settings.whole,
            "each ITEM names a file (-: stdin), put as one item, byte by byte");
  line.checked("--name", settings.name, check_name,
               "identity: run again, it continues where it was, and puts nothing twice")
      .noun("a name")
      .shown("ID [a random one]");
  line.flag("--again", settings.again, "with --name: put all of it, whatever was put before");
  line.number("--from", settings.from, 1, std::numeric_limits<std::int64_t>::max(),
              "put from line N on, whatever was put before; counts ITEMs, too")
      .noun("a line number, from 1")
      .shown("N");
}

/// How to put it.
void add_put_options(cli::CommandLine& line, ProducerSettings& settings, Given& given) {
  line.text("--queue", settings.queue, "the queue to put into")
      .noun("the name of a queue")
      .shown("Q [" + settings.queue + "]");
  line.parsed("--sleep", settings.sleep, parse_sleep,
              "seconds to sleep before each put, drawn at random")
      .noun(sleep_text)
      .shown("MIN:MAX [0:0]");
  line.number("--priority", given.priority, 0, max_priority, "0 to 9; higher ones go first")
      .shown("P [" + std::to_string(given.priority) + "]");
  line.parsed("--delay", given.delay, parse_delay, "seconds before the items are delivered")
      .noun(seconds_text)
      .shown("S [0]");
  line.flag("--wait", settings.wait,
            "wait until all items are done; exit 3 if some died, 4 if some are lost");
}

std::optional<int> read_options(int argc, char** argv, ProducerSettings& settings) {
  cli::CommandLine line(
      "Puts items into a queue: each ITEM, or each line of stdin (-) or of a file. What begins "
      "with { or [\n"
      "must be JSON and is put as it is, other words as {\"name\": WORD}. Blank lines are skipped.",
      program);
  const CommonOptions common(line, /*with_tag=*/true);
  Given given;
  add_input_options(line, settings, given);
  add_put_options(line, settings, given);
  if (const auto code = line.parse(argc, argv, &settings.items)) return code;
  settings.bodies = given.raw ? Bodies::raw : given.text ? Bodies::text : Bodies::json;
  auto why = contradiction(settings, given.raw, given.text);
  if (why.empty() && settings.whole) why = unreadable(settings.items);
  if (!why.empty()) {
    log_line(program + (": " + why));
    return 2;
  }
  settings.client = common.read(nullptr);
  settings.client.queue(settings.queue).name(settings.name);
  settings.put.priority(given.priority).delay(given.delay);
  return std::nullopt;
}

void report_dead(const baton::DeadItem& dead, Screen& screen) {
  std::string line = "dead: " + dead.body + " (item " + std::to_string(dead.id) + " of queue '" +
                     dead.queue + "', " + counted(dead.failures, "failure");
  if (!dead.history.empty())
    line += "; last: " + excerpt(dead.history.back().reason, reason_in_log) + " at " +
            dead.history.back().consumer;
  screen.print(line + ")");
}

int report_settled(Producer& producer, Screen& screen) {
  const auto counts = producer.counts();
  const auto dead = producer.dead_items();
  const auto named = std::min(dead.size(), named_dead);
  for (std::size_t i = 0; i < named; ++i) report_dead(dead[i], screen);
  if (counts.dead > named) screen.print("... and " + std::to_string(counts.dead - named) + " more");
  if (counts.lost > 0)
    screen.print(counted(counts.lost, "item") +
                 " lost: the broker kept them only in memory, or has lost its data");
  return counts.lost > 0 ? some_lost : counts.dead > 0 ? some_died : 0;
}

std::string done_so_far(const Counts& counts) {
  auto text = std::to_string(counts.done) + " of " + counted(counts.put, "item") +
              (counts.put == 1 ? " is done" : " are done");
  if (counts.dead > 0) text += ", " + std::to_string(counts.dead) + " died";
  if (counts.lost > 0) text += ", " + std::to_string(counts.lost) + " lost with a broker";
  return text;
}

/// Shows the progress on a terminal.
void wait_for_all(Producer& producer, Screen& screen) {
  while (!producer.try_join(screen.shows_progress() ? progress_every : baton::forever))
    screen.show_progress(done_so_far(producer.counts()));
  screen.finish_progress(done_so_far(producer.counts()));
}

/// After SIGTERM or SIGINT: items already put are confirmed, the rest is not put.
int report_stopped(const ProducerSettings& settings, const ProducerRun& run, Producer& producer,
                   Screen& screen) {
  if (run.input_complete() && !settings.wait) return 0;
  screen.print(program + std::string(": stopped") +
               (run.input_complete()
                    ? ": " + done_so_far(producer.counts()) + "; the others stay in the queue"
                    : " after " + counted(run.items_put(), "item") + "; the rest was not put"));
  return 1;
}

/// If no broker was found, stopping a producer closes it.
bool of_stop(const Error& error) {
  return error.status() == Status::stopped || error.status() == Status::closed;
}

void leave(Producer& producer) {
  try {
    if (producer.in_contact())
      producer.print("Producer " + std::to_string(getpid()) + " exiting...");
    producer.close();
  } catch (const Error& error) {
    if (!of_stop(error)) throw;  // stopped before a broker was reached
  }
}

int produce(const ProducerSettings& settings, Producer& producer, StopSignals& signals,
            Screen& screen) {
  ProducerRun run(settings, producer, signals, screen);
  int code = 0;
  try {
    producer.print("Starting producer => " + std::to_string(getpid()));
    producer.flush();  // lines and items go to two endpoints: this line must come first
    run.put_all();
    if (settings.wait) {
      wait_for_all(producer, screen);
      code = report_settled(producer, screen);
    }
    producer.flush();
  } catch (const InputError& error) {
    screen.print(program + std::string(": ") + error.what());
    code = bad_input;
  } catch (const OtherInput& error) {
    screen.print(program + std::string(": ") + error.what());
    screen.print(
        "(choose: --from N puts everything from line N on; --again puts everything; so does "
        "another --name)");
    code = bad_input;
  } catch (const Error& error) {
    if (!signals.stopped() || !of_stop(error)) {
      if (run.input_complete() && settings.wait)
        screen.print(program + (": " + done_so_far(producer.counts())));
      throw;
    }
    code = report_stopped(settings, run, producer, screen);
  }
  leave(producer);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  keep_no_large_memory();
  Screen screen;
  try {
    ProducerSettings settings;
    settings.no_stdin = !keep_standard_streams().in;
    if (const auto code = read_options(argc, argv, settings)) return *code;
    settings.client.log([&screen](std::int32_t, std::int32_t code, const std::string& text) {
      screen.print(notice_line(code, text));
    });
    StopSignals signals;
    Producer producer(settings.client);
    const StopSignals::Watcher watcher(signals, [&producer] { producer.stop(); });
    return produce(settings, producer, signals, screen);
  } catch (const std::exception& error) {
    screen.finish();
    return report(program, error);
  }
}
