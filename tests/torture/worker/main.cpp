// A consumer that writes down what it gets, and what it says of it: torture-worker HOST:PORT LOG
// SEED.
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <random>
#include <string>
#include <system_error>

#include "baton/consumer.hpp"
#include "cli/program.hpp"

namespace {

using namespace std::chrono_literals;

/// One write a line: what was written outlives the process.
class Log {
 public:
  explicit Log(const char* path)
      : fd_(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
  }
  ~Log() { close(fd_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// `item`: its delivery count, a space, and its body.
  void write(const char* what, const std::string& item) const {
    const auto at = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto line = std::string(what) + ' ' + std::to_string(at) + ' ' + item + '\n';
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::system_error(errno, std::generic_category(), "log");
  }

 private:
  int fd_;
};

/// Now and then an item takes long, fails, or is given back.
void work(baton::Item& item, const Log& log, std::mt19937_64& random) {
  const auto name = std::to_string(item.delivery_count()) + ' ' + std::string(item.body());
  log.write("got", name);
  const auto luck = random() % 1000;
  item.wait_stop(luck < 5 ? 500ms : std::chrono::milliseconds(random() % 4));
  if (luck >= 5 && luck < 15)
    log.write(item.fail("bad luck") ? "failed" : "late", name);
  else if (luck >= 15 && luck < 25)
    log.write(item.release() ? "released" : "late", name);
  else
    log.write(item.ack() ? "acked" : "late", name);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "torture-worker HOST:PORT LOG SEED\n";
    return 2;
  }
  try {
    baton::internal::StopSignals signals;
    std::mt19937_64 random(std::stoull(argv[3]));
    const Log log(argv[2]);
    baton::Options options;
    options.broker(argv[1]).prefetch(random() % 2 == 0 ? 0 : 3);
    baton::Consumer consumer(options);
    const baton::internal::StopSignals::Watcher watcher(signals, [&consumer] { consumer.stop(); });
    consumer.run([&](baton::Item& item) { work(item, log, random); });
    consumer.close();
  } catch (const std::exception& error) {
    return baton::internal::report("torture-worker", error);
  }
  return 0;
}
