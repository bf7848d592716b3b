// A consumer that writes down what it gets, and what it says of it: torture-worker HOST:PORT LOG
// SEED.
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <random>
#include <string>
#include <system_error>

#include "cli/program.hpp"
#include "consumer/consumer.hpp"

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

  void write(const char* what, const baton::internal::Item& item) const {
    const auto at = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto line = std::string(what) + ' ' + std::to_string(at) + ' ' +
                      std::to_string(item.attempt) + ' ' + item.body + '\n';
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::system_error(errno, std::generic_category(), "log");
  }

 private:
  int fd_;
};

/// Now and then an item takes long, fails, or is given back.
void work(baton::internal::Consumer& consumer, const Log& log, std::mt19937_64& random) {
  while (const auto item = consumer.get()) {
    log.write("got", *item);
    const auto luck = random() % 1000;
    consumer.pause(luck < 5 ? 500ms : std::chrono::milliseconds(random() % 4));
    if (luck >= 5 && luck < 15)
      log.write(consumer.fail(*item, "bad luck") ? "failed" : "late", *item);
    else if (luck >= 15 && luck < 25)
      log.write(consumer.release(*item) ? "released" : "late", *item);
    else
      log.write(consumer.ack(*item) ? "acked" : "late", *item);
  }
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
    baton::internal::ConsumerOptions options;
    options.broker = baton::internal::parse_broker_address(argv[1]);
    options.prefetch = random() % 2 == 0 ? 0 : 3;
    baton::internal::Consumer consumer(options);
    const baton::internal::StopSignals::Watcher watcher(signals, [&consumer] { consumer.stop(); });
    work(consumer, log, random);
    consumer.close();
  } catch (const std::exception& error) {
    return baton::internal::report("torture-worker", error);
  }
  return 0;
}
