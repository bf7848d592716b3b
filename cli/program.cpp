#include "cli/program.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <random>

#include "client/client_session.hpp"
#include "net/broker_address.hpp"
#include "os/log.hpp"
#include "os/stop_signals.hpp"
#include "proto/deadline.hpp"

namespace baton::internal {
namespace {

constexpr double a_year = 365.0 * 86400;

double seconds_from(std::string_view text, const std::string& whole, const std::string& what) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument || !(seconds >= 0))
    throw std::invalid_argument("'" + whole + "' is not " + what);
  if (error != std::errc{} || seconds > a_year)
    throw std::invalid_argument("'" + whole + "' is more than a year");
  return seconds;
}

std::string in_seconds(Duration time) {
  std::string text = std::to_string(std::chrono::duration<double>(time).count());
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::chrono::steady_clock::duration SleepRange::draw() const {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::chrono::duration<double> seconds(
      std::uniform_real_distribution<double>(min, max)(random));
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(seconds);
}

SleepRange parse_sleep(const std::string& text) {
  const std::string what = "a range of seconds: MIN:MAX, such as 0:10 or 0.5:2";
  const auto colon = text.find(':');
  const std::string_view all = text;
  SleepRange range;
  range.min = seconds_from(all.substr(0, colon), text, what);
  range.max =
      colon == std::string::npos ? range.min : seconds_from(all.substr(colon + 1), text, what);
  if (range.min > range.max)
    throw std::invalid_argument("'" + text + "' is not " + what + " (MIN is above MAX)");
  return range;
}

std::chrono::milliseconds parse_seconds(const std::string& text) {
  const auto seconds = seconds_from(text, text, "a number of seconds, such as 10 or 0.5");
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000 + 0.5));
}

void check_name(const std::string& name) {
  if (name.empty()) throw std::invalid_argument("the name is missing");
}

CommonOptions::CommonOptions(cli::CommandLine& line, bool with_tag) {
  const BrokerAddress by_default;
  broker_ = to_string(by_default);
  connect_timeout_ = std::chrono::duration_cast<std::chrono::milliseconds>(default_connect_timeout);
  line.checked("--broker", broker_, parse_broker_address,
               "the broker's address, or BATON_BROKER; IPv6: [ADDR]:PORT")
      .variable("BATON_BROKER")
      .noun("HOST[:PORT]")
      .shown("HOST[:PORT] [" + broker_ + "]");
  line.parsed("--connect-timeout", connect_timeout_, parse_seconds,
              "seconds to look for a broker at the start")
      .noun(seconds_text)
      .shown("S [" + in_seconds(connect_timeout_) + "]");
  if (!with_tag) return;
  auto on = line.flag("--tag", tag_,
                      "begin console lines with [host], as if the broker ran on another host");
  auto off = line.flag("--no-tag", no_tag_, "never begin them with [host]");
  on.excludes({off}).shown(" ");  // replaces what --help would print about the exclusion
  off.shown(" ");
}

std::string notice_line(std::int32_t code, const std::string& text) {
  return code == BATON_LOG_CONTACT ? text : "waiting: " + text;
}

void log_to_stderr(std::int32_t, std::int32_t code, const std::string& text) {
  log_line(notice_line(code, text));
}

Options CommonOptions::read(baton::Log log) const {
  Options options;
  options.broker(broker_)
      .connect_timeout(connect_timeout_)
      .host_tag(tag_      ? baton::HostTag::on
                : no_tag_ ? baton::HostTag::off
                          : baton::HostTag::automatic)
      .log(std::move(log));
  return options;
}

StopSignals::StopSignals() {
  const auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  if (signals_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  end_.signal();
  thread_.join();
  close(signals_);
}

void StopSignals::watch() {
  std::chrono::steady_clock::time_point first;
  for (;;) {
    pollfd items[] = {{signals_, POLLIN, 0}, {end_.fd(), POLLIN, 0}};
    if (poll(items, 2, -1) < 0 && errno != EINTR) return;
    if (items[1].revents) return;
    signalfd_siginfo info{};
    if (!items[0].revents ||
        read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
      continue;
    const auto now = std::chrono::steady_clock::now();
    if (stopped_.exchange(true)) {
      if (now < first + same_stop) continue;
      give_up();
      _exit(128 + static_cast<int>(info.ssi_signo));
    }
    first = now;
    stopped_fd_.signal();
    const std::lock_guard lock(mutex_);
    if (stop_) stop_();
  }
}

void StopSignals::give_up() {
  const std::lock_guard lock(mutex_);  // held to the end: the function must stay valid meanwhile
  if (give_up_) give_up_();
}

void StopSignals::sleep(std::chrono::steady_clock::duration time) const {
  pollfd item{fd(), POLLIN, 0};
  const auto until = deadline_after(std::chrono::steady_clock::now(), time);
  for (auto left = time; left.count() > 0 && !stopped();
       left = until - std::chrono::steady_clock::now())
    poll(&item, 1,
         static_cast<int>(std::min<std::int64_t>(
             std::chrono::ceil<std::chrono::milliseconds>(left).count(), 1 << 30)));
}

StopSignals::Watcher::Watcher(StopSignals& signals, std::function<void()> stop,
                              std::function<void()> give_up)
    : signals_(signals) {
  const std::lock_guard lock(signals_.mutex_);
  signals_.stop_ = std::move(stop);
  signals_.give_up_ = std::move(give_up);
  if (signals_.stopped()) signals_.stop_();
}

StopSignals::Watcher::~Watcher() {
  const std::lock_guard lock(signals_.mutex_);
  signals_.stop_ = signals_.give_up_ = nullptr;
}

int report(const std::string& program, const std::exception& error) {
  log_line(program + ": " + error.what());
  const auto* client = dynamic_cast<const Error*>(&error);
  if (!client) return 1;
  switch (client->status()) {
    case Status::unreachable:
    case Status::invalid_argument:
      return 2;
    case Status::refused:
      return client->refusal() == "hello" || client->refusal() == "queue_name" ? 2 : 1;
    default:
      return 1;
  }
}

}  // namespace baton::internal
