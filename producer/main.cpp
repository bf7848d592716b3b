#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <limits>

#include "client/program.hpp"
#include "net/standard_streams.hpp"
#include "producer/input.hpp"
#include "producer/producer.hpp"

namespace {

using baton::ClientError;
using baton::Producer;

constexpr const char* program = "baton-producer";
constexpr int some_died = 3, some_lost = 4;
constexpr std::uint64_t many = 1000;  // items: from here on a terminal shows how it goes on

struct Settings {
  baton::ProducerOptions client;
  baton::PutOptions put;
  baton::SleepRange sleep;
  std::vector<std::string> items;
  std::string file;
  bool raw = false, wait = false;
};

std::chrono::milliseconds parse_delay(const std::string& text) {
  const auto delay = baton::parse_seconds(text);
  if (delay.count() > std::numeric_limits<std::uint32_t>::max())
    throw std::invalid_argument("'" + text + "' is more than 49 days");
  return delay;
}

std::optional<int> read_options(int argc, char** argv, Settings& settings) {
  CLI::App app{"Puts items into a queue: each ITEM, or each line of stdin (-) or of a file.", program};
  const baton::CommonOptions common(app, /*with_tag=*/true);
  auto& client = settings.client;
  std::string sleep = "0:0", delay = "0";
  std::vector<std::string> for_help;
  app.add_option("ITEM", for_help, "a word is put as {\"name\": WORD}, a JSON object as it is; - reads stdin")
      ->option_text("...");
  app.add_option("--file", settings.file, "put the lines of a file; blank lines are skipped")
      ->check(CLI::ExistingFile)
      ->option_text("F");
  app.add_flag("--raw", settings.raw, "put the bytes as they are");
  app.add_option("--queue", client.queue, "the queue to put into")->option_text("Q [" + client.queue + "]");
  app.add_option("--sleep", sleep, "seconds to sleep before each put, drawn at random")
      ->check(baton::checked_by(baton::parse_sleep))
      ->option_text("MIN:MAX [" + sleep + "]");
  app.add_option("--priority", settings.put.priority, "0 to 9; the higher goes first")
      ->check(CLI::Range(0, int{baton::max_priority}))
      ->option_text("P [" + std::to_string(settings.put.priority) + "]");
  app.add_option("--delay", delay, "seconds before the items are handed out")
      ->check(baton::checked_by(parse_delay))
      ->option_text("S [" + delay + "]");
  app.add_option("--name", client.name, "identity: restarted after a crash, it goes on where it was")
      ->option_text("ID [a random one]");
  app.add_flag("--wait", settings.wait, "wait until all items are done; exit 3 when some died, 4 when some were lost");
  if (const auto code = baton::parse(app, argc, argv, &settings.items)) return code;
  if (settings.items.empty() && settings.file.empty()) {
    std::cerr << program << ": nothing to put: give ITEMs, - or --file\n";
    return 2;
  }
  common.read(client);
  settings.sleep = baton::parse_sleep(sleep);
  settings.put.delay = parse_delay(delay);
  return std::nullopt;
}

/// Puts what the settings name, one item after the other.
class Run {
 public:
  Run(const Settings& settings, Producer& producer, baton::StopSignals& signals)
      : settings_(settings), producer_(producer), signals_(signals) {}

  void put_all() {
    // Words are checked before the first one is put: who calls again after an error puts nothing twice.
    for (std::size_t i = 0; i < settings_.items.size(); ++i)
      if (settings_.items[i] != "-") static_cast<void>(word(i));
    if (settings_.client.name.empty() || (skip_ = producer_.put_before()) == 0) skip_ = 0;
    if (skip_ > 0) std::cerr << "the first " << skip_ << " items of '" << settings_.client.name << "' are in already\n";
    for (std::size_t i = 0; i < settings_.items.size(); ++i)
      settings_.items[i] == "-" ? put_lines(STDIN_FILENO, "stdin") : put(word(i));
    if (!settings_.file.empty()) put_file();
    all_put_ = true;
    finish_progress();
  }
  std::uint64_t items_put() const { return put_; }
  bool all_put() const { return all_put_; }

 private:
  std::string word(std::size_t i) const {
    return baton::body_of(settings_.items[i], settings_.raw, "item " + std::to_string(i + 1));
  }

  void put_file() {
    const int fd = open(settings_.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw baton::InputError(settings_.file + ": " + std::generic_category().message(errno));
    put_lines(fd, settings_.file);
    close(fd);
  }

  void put_lines(int fd, const std::string& source) {
    baton::LineReader reader(fd, signals_.fd());
    while (auto line = reader.next()) {
      if (!settings_.raw) {
        if (line->ends_with('\r')) line->pop_back();
        if (line->empty()) continue;
      }
      put(baton::body_of(*line, settings_.raw, source + ": line " + std::to_string(reader.number())));
    }
    if (reader.stopped()) stop();
  }

  /// The signal may be here a moment before the producer is stopped by it.
  [[noreturn]] static void stop() { throw ClientError(ClientError::Kind::closed, "stopped"); }

  void put(const std::string& body) {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    if (!settings_.sleep.none()) signals_.sleep(settings_.sleep.draw());
    if (signals_.stopped()) stop();
    producer_.put(body, settings_.put);
    if (++put_ >= many && put_ % 256 == 0) show_progress();
  }

  void show_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < shown_ + std::chrono::milliseconds(200)) return;
    shown_ = now;
    std::cerr << "\r" << put_ << " items put" << std::flush;
  }
  void finish_progress() const {
    if (shown_ != std::chrono::steady_clock::time_point{}) std::cerr << "\r" << put_ << " items put\n";
  }

  const Settings& settings_;
  Producer& producer_;
  baton::StopSignals& signals_;
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::chrono::steady_clock::time_point shown_;
  std::uint64_t put_ = 0;
  std::uint64_t skip_ = 0;  // items that an earlier process of this name has put
  bool all_put_ = false;
};

int report_settled(const baton::Settled& settled) {
  for (const auto& notice : settled.notices) {
    std::string line = "dead: " + notice.body + " (item " + std::to_string(notice.id.value) + " of queue '" +
                       notice.queue + "', " + std::to_string(notice.attempts) + " attempts";
    if (!notice.history.empty())
      line += "; last: " + notice.history.back().why + " at " + notice.history.back().consumer;
    std::cerr << line + ")\n";
  }
  if (settled.dead > settled.notices.size()) std::cerr << settled.dead << " items are dead in all\n";
  if (settled.lost > 0) std::cerr << settled.lost << " items went down with a broker that kept them in memory only\n";
  return settled.lost > 0 ? some_lost : settled.dead > 0 ? some_died : 0;
}

/// After SIGTERM or SIGINT: what was put is seen through, the rest is not put.
int report_stopped(const Settings& settings, const Run& run) {
  if (run.all_put() && !settings.wait) return 0;
  std::cerr << program << ": stopped "
            << (run.all_put() ? "before all items were settled"
                              : "after " + baton::counted(run.items_put(), "item") + "; the rest was not put")
            << '\n';
  return 1;
}

void leave(Producer& producer) {
  try {
    if (producer.in_touch()) producer.say("Producer " + std::to_string(getpid()) + " exiting...");
    producer.close();
  } catch (const ClientError& error) {
    if (error.kind() != ClientError::Kind::closed) throw;  // stopped before a broker was reached
  }
}

int produce(const Settings& settings, Producer& producer, baton::StopSignals& signals) {
  Run run(settings, producer, signals);
  int code = 0;
  try {
    producer.say("Starting producer => " + std::to_string(getpid()));
    producer.flush();  // lines and items go by two doors: this one is to be first
    run.put_all();
    if (settings.wait) code = report_settled(producer.join());
    producer.flush();
  } catch (const ClientError& error) {
    if (!signals.stopped() || error.kind() != ClientError::Kind::closed) throw;
    code = report_stopped(settings, run);
  }
  leave(producer);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  baton::keep_standard_streams();
  Settings settings;
  if (const auto code = read_options(argc, argv, settings)) return *code;
  try {
    baton::StopSignals signals;
    Producer producer(settings.client);
    const baton::StopSignals::Watcher watcher(signals, [&producer] { producer.stop(); });
    return produce(settings, producer, signals);
  } catch (const baton::InputError& error) {
    std::cerr << program << ": " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    return baton::report(program, error);
  }
}
