#include <unistd.h>

#include "cli/program.hpp"
#include "consumer/consumer.hpp"
#include "net/standard_streams.hpp"
#include "proto/body_name.hpp"

namespace {

using baton::internal::Outcome;

struct ConsumerSettings {
  baton::internal::ConsumerOptions client;
  baton::internal::RunOptions run;
  baton::internal::SleepRange sleep, work;
  bool fail = false;
};

// Bytes of a name: a console line has a limit, an item's body a higher one.
constexpr std::size_t shown = 200;

std::optional<int> read_options(int argc, char** argv, ConsumerSettings& settings) {
  CLI::App app{"Gets items from queues, says which on the console, and acks them.",
               "baton-consumer"};
  const baton::internal::CommonOptions common(app, /*with_tag=*/true);
  auto& client = settings.client;
  std::string sleep = "0:0", work = "0:0";
  app.add_option("--queue", client.queues, "a queue to get from; may be given several times")
      ->take_all()
      ->allow_extra_args(false)  // one for each --queue
      ->type_name("the name of a queue")
      ->option_text("Q [default]");
  app.add_option("--sleep", sleep, "seconds to sleep before each get, drawn at random")
      ->type_name(baton::internal::sleep_text)
      ->check(baton::internal::cli::checked_by(baton::internal::parse_sleep))
      ->option_text("MIN:MAX [" + sleep + "]");
  app.add_option("--work", work, "seconds to work on each item before the ack")
      ->type_name(baton::internal::sleep_text)
      ->check(baton::internal::cli::checked_by(baton::internal::parse_sleep))
      ->option_text("MIN:MAX [" + work + "]");
  app.add_option("--jobs", settings.run.jobs, "items to work on at the same time")
      ->transform(baton::internal::cli::number(1, 1024))
      ->option_text("N [" + std::to_string(settings.run.jobs) + "]");
  app.add_option("--prefetch", client.prefetch,
                 "items to have in hand beyond these, unfair to idle consumers")
      ->transform(baton::internal::cli::number(0, 32768))
      ->option_text("N [" + std::to_string(client.prefetch) + "]");
  app.add_option("--count", settings.run.count, "exit after so many items; 0: never")
      ->transform(baton::internal::cli::number(0, 2'000'000'000))
      ->option_text("N [" + std::to_string(settings.run.count) + "]");
  app.add_option("--name", client.name, "what dead letters call this consumer")
      ->type_name("a name")
      ->option_text("ID [host/pid]");
  app.add_flag("--fail", settings.fail, "fail every item, for trying out dead letters");
  if (const auto code = baton::internal::cli::parse(app, argc, argv)) return code;
  common.read(client);
  settings.sleep = baton::internal::parse_sleep(sleep);
  settings.work = baton::internal::parse_sleep(work);
  return std::nullopt;
}

void consume(ConsumerSettings& settings, baton::internal::StopSignals& signals) {
  baton::internal::Consumer consumer(settings.client);
  const baton::internal::StopSignals::Watcher watcher(
      signals, [&consumer] { consumer.stop(); },
      [&consumer] { consumer.give_up(baton::internal::StopSignals::give_up_within); });
  const auto pid = std::to_string(getpid());
  if (!settings.sleep.none())
    settings.run.before_request = [&] { consumer.pause(settings.sleep.draw()); };
  const auto handle = [&](const baton::internal::Item& item) {
    consumer.print(pid + " got " + baton::internal::name_of_body(item.body, shown));
    if (!settings.work.none()) std::this_thread::sleep_for(settings.work.draw());
    return settings.fail ? Outcome::failed("--fail") : Outcome::done();
  };
  consumer.print("Starting consumer => " + pid);
  consumer.run(handle, settings.run);
  consumer.close();
}

}  // namespace

int main(int argc, char** argv) {
  baton::internal::keep_standard_streams();
  ConsumerSettings settings;
  if (const auto code = read_options(argc, argv, settings)) return *code;
  baton::internal::StopSignals signals;
  try {
    consume(settings, signals);
    return 0;
  } catch (const baton::internal::ClientError& error) {
    const bool asked_to =
        signals.stopped() && error.kind() == baton::internal::ClientError::Kind::closed;
    return asked_to ? 0 : baton::internal::report("baton-consumer", error);
  } catch (const std::exception& error) {
    return baton::internal::report("baton-consumer", error);
  }
}
