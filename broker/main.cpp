#include <csignal>
#include <iostream>

#include "broker/capacity.hpp"
#include "broker/health.hpp"
#include "broker/memory_storage.hpp"
#include "broker/options.hpp"
#include "broker/server.hpp"
#include "net/sockets.hpp"
#include "net/standard_streams.hpp"

namespace {

int check_health(const baton::broker::ServerOptions& options) {
  const bool everywhere = options.bind == "0.0.0.0" || options.bind == "::";
  const baton::Endpoint endpoint{everywhere ? "127.0.0.1" : options.bind, options.port};
  if (baton::broker::broker_answers(endpoint, std::chrono::seconds(2))) return 0;
  std::cerr << "baton-broker: no broker answers at " << to_string(endpoint) << '\n';
  return 1;
}

int serve(baton::broker::ServerOptions options) {
  const auto less = baton::broker::fit_to_file_limit(options.settings, baton::files_possible());
  if (!less.empty()) std::cerr << "baton-broker: " << less << '\n';
  baton::broker::MemoryStorage storage;
  baton::broker::Server server(options, storage);
  std::cout << "baton-broker ready on " << to_string(server.endpoint()) << ", items in memory" << std::endl;
  return server.run();
}

}  // namespace

int main(int argc, char** argv) {
  baton::keep_standard_streams();
  const auto command = baton::broker::read_command_line(argc, argv);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: the server reads them from a descriptor
  try {
    return command.health ? check_health(command.server) : serve(command.server);
  } catch (const std::exception& error) {
    std::cerr << "baton-broker: " << error.what() << '\n';
    return 2;
  }
}
