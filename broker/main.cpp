#include <csignal>
#include <iostream>

#include "broker/health.hpp"
#include "broker/memory_storage.hpp"
#include "broker/options.hpp"
#include "broker/server.hpp"

namespace {

int check_health(const baton::broker::ServerOptions& options) {
  const bool everywhere = options.bind == "0.0.0.0" || options.bind == "::";
  const baton::Endpoint endpoint{everywhere ? "127.0.0.1" : options.bind, options.port};
  if (baton::broker::broker_answers(endpoint, std::chrono::seconds(2))) return 0;
  std::cerr << "baton-broker: no broker answers at " << to_string(endpoint) << '\n';
  return 1;
}

int run(const baton::broker::ServerOptions& options, baton::broker::Storage& storage, baton::Wake& changed,
        const std::string& where) {
  baton::broker::Server server(options, storage, changed);
  std::cout << "baton-broker ready on " << to_string(server.endpoint()) << ", items " << where << std::endl;
  return server.run();
}

int serve(const baton::broker::BrokerCommand& command) {
  baton::Wake changed;
  if (command.memory) {
    baton::broker::MemoryStorage storage;
    return run(command.server, storage, changed, "in memory");
  }
  baton::broker::DiskStorage storage(command.disk, changed);
  const int exit_code = run(command.server, storage, changed, "kept in " + command.disk.directory.string());
  std::cerr << "baton-broker: " << storage.items_put() << " items came in, " << storage.never_written()
            << " of them were done before they had to be written\n";
  return exit_code;
}

int compact(const baton::broker::DiskOptions& options) {
  baton::Wake unused;
  baton::broker::DiskStorage storage(options, unused);
  const auto before = storage.size().all;
  storage.compact();
  std::cout << options.directory.string() << ": " << before << " bytes before, " << storage.size().all << " now\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto command = baton::broker::read_command_line(argc, argv);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: the server reads them from a descriptor
  try {
    if (command.health) return check_health(command.server);
    return command.compact ? compact(command.disk) : serve(command);
  } catch (const std::exception& error) {
    std::cerr << "baton-broker: " << error.what() << '\n';
    return 2;
  }
}
