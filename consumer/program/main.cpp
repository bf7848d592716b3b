#include <unistd.h>

#include "baton/consumer.hpp"
#include "cli/program.hpp"
#include "os/standard_streams.hpp"
#include "proto/body_name.hpp"

using namespace baton::internal;

namespace {

using baton::Outcome;

struct ConsumerSettings {
  baton::Options client;
  std::vector<std::string> queues = {"default"};
  std::string name;
  std::uint32_t prefetch = 0;
  baton::RunOptions run;
  SleepRange sleep, work;
  bool fail = false;
};

// Bytes of a name: console lines are limited, and bodies may be larger.
constexpr std::size_t shown = 200;

baton::Options client_options(const CommonOptions& common, const ConsumerSettings& settings) {
  auto options = common.read();
  options.prefetch(settings.prefetch).name(settings.name).queue(settings.queues.front());
  for (std::size_t i = 1; i < settings.queues.size(); ++i) options.add_queue(settings.queues[i]);
  return options;
}

std::optional<int> read_options(int argc, char** argv, ConsumerSettings& settings) {
  cli::CommandLine line("Gets items from queues, prints their names on the console, and acks them.",
                        "baton-consumer");
  const CommonOptions common(line, /*with_tag=*/true);
  line.texts("--queue", settings.queues, "a queue to get from; may be given several times")
      .noun("the name of a queue")
      .shown("Q [default]");
  line.parsed("--sleep", settings.sleep, parse_sleep,
              "seconds to sleep before each get, drawn at random")
      .noun(sleep_text)
      .shown("MIN:MAX [0:0]");
  line.parsed("--work", settings.work, parse_sleep, "seconds to work on each item before the ack")
      .noun(sleep_text)
      .shown("MIN:MAX [0:0]");
  line.number("--jobs", settings.run.jobs, 1, 1024, "items to work on at the same time");
  line.number("--prefetch", settings.prefetch, 0, 32768,
              "items to hold beyond these; idle consumers cannot get them");
  line.number("--count", settings.run.count, 0, 2'000'000'000,
              "exit after this many items; 0: never");
  line.checked("--name", settings.name, check_name, "name of this consumer in dead letters")
      .noun("a name")
      .shown("ID [host/pid]");
  line.flag("--fail", settings.fail, "fail every item, for trying out dead letters");
  if (const auto code = line.parse(argc, argv)) return code;
  settings.client = client_options(common, settings);
  return std::nullopt;
}

/// The first signal stops the run, or before it begins, the search for a broker.
class Stop {
 public:
  Stop(baton::Consumer& consumer, StopSignals& signals)
      : consumer_(consumer),
        watcher_(
            signals, [this] { stop(); }, [this] { give_up(); }) {}

  void run_begins() { runs_ = true; }

 private:
  void stop() {
    consumer_.stop();
    if (!runs_) consumer_.interrupt();
  }
  void give_up() {
    try {
      consumer_.close(baton::Held::release, {}, StopSignals::give_up_within);
    } catch (const baton::Error&) {  // the process ends anyway
    }
  }

  baton::Consumer& consumer_;
  std::atomic<bool> runs_ = false;
  StopSignals::Watcher watcher_;
};

void consume(const ConsumerSettings& settings, StopSignals& signals) {
  baton::Consumer consumer(settings.client);
  Stop stop(consumer, signals);
  const auto pid = std::to_string(getpid());
  auto run = settings.run;
  if (!settings.sleep.none())
    run.before_get = [&] { static_cast<void>(consumer.wait_stop(settings.sleep.draw())); };
  const auto handle = [&](baton::Item& item) {
    consumer.print(pid + " got " + name_of_body(item.body(), shown));
    if (!settings.work.none()) std::this_thread::sleep_for(settings.work.draw());
    return settings.fail ? Outcome::fail("--fail") : Outcome::ack();
  };
  consumer.print("Starting consumer => " + pid);
  stop.run_begins();
  consumer.run(handle, run);
  consumer.close();
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  try {
    ConsumerSettings settings;
    if (const auto code = read_options(argc, argv, settings)) return *code;
    StopSignals signals;
    try {
      consume(settings, signals);
      return 0;
    } catch (const baton::Error& error) {
      const bool asked_to = signals.stopped() && (error.status() == baton::Status::interrupted ||
                                                  error.status() == baton::Status::closed);
      return asked_to ? 0 : report("baton-consumer", error);
    }
  } catch (const std::exception& error) {
    return report("baton-consumer", error);
  }
}
