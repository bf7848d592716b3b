#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "client/program.hpp"
#include "net/log.hpp"
#include "net/standard_streams.hpp"
#include "producer/input.hpp"
#include "producer/producer.hpp"
#include "producer/source.hpp"
#include "proto/counted.hpp"
#include "proto/limits.hpp"

namespace {

using baton::ClientError;
using baton::Producer;

constexpr const char* program = "baton-producer";
constexpr int bad_input = 2, some_died = 3, some_lost = 4;
constexpr std::uint64_t many = 1000;  // items: from here on a terminal shows how it goes on
constexpr std::size_t named_dead = 20;

/// stderr, where a line that counts what was put is written over and over on a terminal.
class Screen {
 public:
  void show_progress(std::uint64_t put) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < shown_ + std::chrono::milliseconds(200)) return;
    shown_ = now;
    unfinished_ = true;
    baton::stderr_log().raw("\r" + baton::counted(put, "item") + " put");
  }
  void finish_progress(std::uint64_t put) {
    if (std::exchange(unfinished_, false)) baton::stderr_log().raw("\r" + baton::counted(put, "item") + " put\n");
  }
  /// The next line begins on a line of its own.
  void finish() {
    if (std::exchange(unfinished_, false)) baton::stderr_log().raw("\n");
  }
  void say(const std::string& line) {
    finish();
    baton::log_line(line);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::chrono::steady_clock::time_point shown_;
  bool unfinished_ = false;
};

struct Settings {
  baton::ProducerOptions client;
  baton::PutOptions put;
  baton::SleepRange sleep;
  std::vector<std::string> items;
  std::string file;
  baton::Bodies bodies = baton::Bodies::json;
  bool whole = false, wait = false;
  bool no_stdin = false;  ///< whoever started the process closed it

  bool reads_stdin() const { return file == "-" || std::find(items.begin(), items.end(), "-") != items.end(); }
};

std::chrono::milliseconds parse_delay(const std::string& text) {
  const auto delay = baton::parse_seconds(text);
  if (delay.count() > std::numeric_limits<std::uint32_t>::max())
    throw std::invalid_argument("'" + text + "' is more than 49 days");
  return delay;
}

/// That it can be read, as far as can be known without opening it: a pipe is opened once only.
void check_file(const std::string& name) {
  if (name == "-") return;
  struct stat status {};
  if (stat(name.c_str(), &status) != 0 || access(name.c_str(), R_OK) != 0)
    throw std::invalid_argument("cannot open " + name + ": " + std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode)) throw std::invalid_argument("cannot read " + name + ": it is a directory");
}

/// What of it makes no sense, for people; empty when it all does.
std::string contradiction(const Settings& settings, bool raw, bool text) {
  const auto& client = settings.client;
  if (settings.items.empty() && settings.file.empty()) return "nothing to put: give ITEMs, - or --file";
  if (raw && text) return "--raw or --text: bytes as they are, or names made of them?";
  if (settings.whole && (raw || text || !settings.file.empty()))
    return "--whole puts each ITEM's file as it is: without --raw, --text and --file";
  if (settings.whole && settings.items.empty()) return "--whole: which files?";
  const auto stdins = std::count(settings.items.begin(), settings.items.end(), "-") + (settings.file == "-");
  if (stdins > 1) return "stdin (-) can be read once only";
  if (settings.no_stdin && settings.reads_stdin()) return "stdin is closed: there is nothing to read";
  if (client.again && client.name.empty()) return "--again needs --name";
  return {};
}

std::optional<int> read_options(int argc, char** argv, Settings& settings) {
  CLI::App app{
      "Puts items into a queue: each ITEM, or each line of stdin (-) or of a file. What begins with { or [\n"
      "must be JSON and is put as it is, other words as {\"name\": WORD}. Blank lines are skipped.",
      program};
  const baton::CommonOptions common(app, /*with_tag=*/true);
  auto& client = settings.client;
  std::string sleep = "0:0", delay = "0";
  std::vector<std::string> for_help;
  bool raw = false, text = false;
  app.add_option("ITEM", for_help, "a word, or JSON; - puts the lines of stdin")->option_text("...");
  app.add_option("--file", settings.file, "put the lines of a file, - for stdin")
      ->type_name("the name of a file")
      ->check(baton::cli::checked_by(check_file))
      ->option_text("F");
  app.add_flag("--text", text, "put all as {\"name\": ...}, also what begins as JSON does");
  app.add_flag("--raw", raw, "put each word or line as it is, byte by byte; blank lines, too");
  app.add_flag("--whole", settings.whole, "each ITEM names a file, which is put as one item, byte by byte");
  app.add_option("--queue", client.queue, "the queue to put into")
      ->type_name("the name of a queue")
      ->option_text("Q [" + client.queue + "]");
  app.add_option("--sleep", sleep, "seconds to sleep before each put, drawn at random")
      ->type_name(baton::sleep_text)
      ->check(baton::cli::checked_by(baton::parse_sleep))
      ->option_text("MIN:MAX [" + sleep + "]");
  app.add_option("--priority", settings.put.priority, "0 to 9; the higher goes first")
      ->check(baton::cli::number(0, baton::max_priority))
      ->option_text("P [" + std::to_string(settings.put.priority) + "]");
  app.add_option("--delay", delay, "seconds before the items are handed out")
      ->type_name(baton::seconds_text)
      ->check(baton::cli::checked_by(parse_delay))
      ->option_text("S [" + delay + "]");
  app.add_option("--name", client.name, "identity: run again, it goes on where it was, and puts nothing twice")
      ->type_name("a name")
      ->option_text("ID [a random one]");
  app.add_flag("--again", client.again, "with --name: put all of it, whatever was put before");
  app.add_flag("--wait", settings.wait, "wait until all items are done; exit 3 if some died, 4 if some are lost");
  if (const auto code = baton::cli::parse(app, argc, argv, &settings.items)) return code;
  settings.bodies = raw ? baton::Bodies::raw : text ? baton::Bodies::text : baton::Bodies::json;
  if (const auto why = contradiction(settings, raw, text); !why.empty()) {
    baton::log_line(program + (": " + why));
    return 2;
  }
  common.read(client);
  settings.sleep = baton::parse_sleep(sleep);
  settings.put.delay = parse_delay(delay);
  return std::nullopt;
}

/// Names what the settings put. Without a name of its own a producer is not known again, whatever it puts.
std::string source_of(const Settings& settings) {
  if (settings.client.name.empty() || settings.whole) return {};
  auto parts = settings.items;
  parts.insert(parts.begin(), {settings.client.queue, std::to_string(static_cast<int>(settings.bodies))});
  return baton::source_of(parts, settings.file);
}

/// A file that is read, or stdin (-).
class Input {
 public:
  explicit Input(const std::string& path)
      : fd_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        name_(path == "-" ? "stdin" : path) {
    if (fd_ < 0) throw baton::InputError(path + ": " + std::generic_category().message(errno));
  }
  ~Input() {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  const int fd_;
  const std::string name_;
};

/// Puts what the settings name, one item after the other.
class Run {
 public:
  Run(const Settings& settings, Producer& producer, baton::StopSignals& signals, Screen& screen)
      : settings_(settings), producer_(producer), signals_(signals), screen_(screen) {}

  void put_all() {
    check_items();
    if (!settings_.client.name.empty()) in_before_ = producer_.put_before();
    for (std::size_t i = 0; i < settings_.items.size(); ++i) put_item(i);
    if (!settings_.file.empty()) put_lines(settings_.file);
    all_put_ = true;
    producer_.all_put();
    screen_.finish_progress(put_);
    if (in_before_ > 0 && put_ == 0) say_in_before("all ", "; --again puts them again");
  }
  std::uint64_t items_put() const { return put_; }
  bool all_put() const { return all_put_; }

 private:
  /// Before the first one is put: who calls again after an error puts nothing twice.
  void check_items() const {
    for (std::size_t i = 0; i < settings_.items.size(); ++i) {
      if (settings_.items[i] == "-") continue;
      if (settings_.whole)
        check_file(settings_.items[i]);
      else
        static_cast<void>(word(i));
    }
  }

  static void check_file(const std::string& path) {
    const Input input(path);
    struct stat status {};
    if (fstat(input.fd(), &status) != 0) return;
    if (S_ISDIR(status.st_mode)) throw baton::InputError(path + " is a directory");
    if (status.st_size > static_cast<off_t>(baton::max_body))
      throw baton::InputError(path + " is longer than " + std::to_string(baton::max_body) + " bytes");
  }

  void put_item(std::size_t i) {
    const auto& item = settings_.items[i];
    if (settings_.whole)
      put_whole(item);
    else if (item == "-")
      put_lines(item);
    else
      put(word(i));
  }

  std::string word(std::size_t i) const {
    return baton::body_of(settings_.items[i], settings_.bodies, "item " + std::to_string(i + 1));
  }

  void put_whole(const std::string& path) {
    const Input input(path);
    const auto body = baton::read_whole(input.fd(), signals_.fd(), input.name());
    if (!body) stop();
    put(*body);
  }

  void put_lines(const std::string& path) {
    const Input input(path);
    const auto kind = settings_.bodies;
    baton::LineReader reader(input.fd(), signals_.fd(), input.name(),
                             [kind](std::string_view bytes) { return baton::why_no_lines(bytes, kind); });
    try {
      while (const auto line = reader.next()) put_line(*line, reader);
    } catch (const baton::InputError& error) {
      throw baton::InputError(error.what() + std::string("; the ") + baton::counted(seen_, "item") +
                              (seen_ == 1 ? " before it was put" : " before it were put"));
    }
    if (reader.stopped()) stop();
  }

  void put_line(std::string_view line, const baton::LineReader& reader) {
    if (settings_.bodies != baton::Bodies::raw) {
      line = baton::trimmed(line);
      if (baton::is_blank(line)) return;
    }
    put(baton::body_of(line, settings_.bodies, reader.place()));
  }

  /// The signal may be here a moment before the producer is stopped by it.
  [[noreturn]] static void stop() { throw ClientError(ClientError::Kind::closed, "stopped"); }

  void put(const std::string& body) {
    if (seen_ < in_before_) {
      ++seen_;
      return;
    }
    if (put_ == 0 && in_before_ > 0) say_in_before("the first ", "; it goes on after them");
    if (!settings_.sleep.none()) signals_.sleep(settings_.sleep.draw());
    if (signals_.stopped()) stop();
    producer_.put(body, settings_.put);
    ++seen_;
    if (++put_ >= many && put_ % 256 == 0) screen_.show_progress(put_);
  }

  void say_in_before(const std::string& which, const std::string& what_now) {
    screen_.say(which + baton::counted(seen_, "item") + " of '" + settings_.client.name + "' came in before" +
                what_now);
  }

  const Settings& settings_;
  Producer& producer_;
  baton::StopSignals& signals_;
  Screen& screen_;
  std::uint64_t in_before_ = 0;  // items that an earlier process of this name has put
  std::uint64_t seen_ = 0;       // items that are in, by it or us
  std::uint64_t put_ = 0;        // by us
  bool all_put_ = false;
};

void report_dead(const baton::DeadNotice& notice, Screen& screen) {
  std::string line = "dead: " + notice.body + " (item " + std::to_string(notice.id.value) + " of queue '" +
                     notice.queue + "', " + baton::counted(notice.attempts, "attempt");
  if (!notice.history.empty()) line += "; last: " + notice.history.back().why + " at " + notice.history.back().consumer;
  screen.say(line + ")");
}

int report_settled(const baton::Settled& settled, Screen& screen) {
  const auto named = std::min(settled.notices.size(), named_dead);
  for (std::size_t i = 0; i < named; ++i) report_dead(settled.notices[i], screen);
  if (settled.dead > named) screen.say("... and " + std::to_string(settled.dead - named) + " more");
  if (settled.lost > 0)
    screen.say(baton::counted(settled.lost, "item") + " went down with a broker that kept them in memory only");
  return settled.lost > 0 ? some_lost : settled.dead > 0 ? some_died : 0;
}

/// After SIGTERM or SIGINT: what was put is seen through, the rest is not put.
int report_stopped(const Settings& settings, const Run& run, Screen& screen) {
  if (run.all_put() && !settings.wait) return 0;
  screen.say(program + std::string(": stopped ") +
             (run.all_put() ? "before all items were settled"
                            : "after " + baton::counted(run.items_put(), "item") + "; the rest was not put"));
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

int produce(const Settings& settings, Producer& producer, baton::StopSignals& signals, Screen& screen) {
  Run run(settings, producer, signals, screen);
  int code = 0;
  try {
    producer.say("Starting producer => " + std::to_string(getpid()));
    producer.flush();  // lines and items go by two doors: this one is to be first
    run.put_all();
    if (settings.wait) code = report_settled(producer.join(), screen);
    producer.flush();
  } catch (const baton::InputError& error) {
    screen.say(program + std::string(": ") + error.what());
    code = bad_input;
  } catch (const ClientError& error) {
    if (!signals.stopped() || error.kind() != ClientError::Kind::closed) throw;
    code = report_stopped(settings, run, screen);
  }
  leave(producer);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.no_stdin = !baton::keep_standard_streams().in;
  if (const auto code = read_options(argc, argv, settings)) return *code;
  Screen screen;
  settings.client.on_notice = [&screen](const std::string& notice) { screen.say(baton::notice_line(notice)); };
  try {
    settings.client.source = source_of(settings);
    baton::StopSignals signals;
    Producer producer(settings.client);
    const baton::StopSignals::Watcher watcher(signals, [&producer] { producer.stop(); });
    return produce(settings, producer, signals, screen);
  } catch (const std::exception& error) {
    screen.finish();
    const int code = baton::report(program, error);
    const auto* client = dynamic_cast<const ClientError*>(&error);
    if (!client || client->refusal() != baton::Refusal::unfinished) return code;
    baton::log_line("(run it again as it was, or give --again to put all of this, or another --name)");
    return bad_input;
  }
}
