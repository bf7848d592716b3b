#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "broker/capacity.hpp"
#include "broker/disk/disk_log.hpp"
#include "broker/disk/errors.hpp"
#include "broker/disk/fault_guard.hpp"
#include "broker/health.hpp"
#include "broker/log/log_storage.hpp"
#include "broker/memory_storage.hpp"
#include "broker/options.hpp"
#include "broker/server.hpp"
#include "net/sockets.hpp"
#include "os/log.hpp"
#include "os/standard_streams.hpp"
#include "os/stop_signals.hpp"
#include "proto/counted.hpp"

namespace {

int check_health(const baton::internal::broker::ServerOptions& options) {
  const bool everywhere = options.bind == "0.0.0.0" || options.bind == "::";
  const baton::internal::BrokerAddress broker{everywhere ? "127.0.0.1" : options.bind,
                                              options.port};
  if (baton::internal::broker::broker_answers(broker, std::chrono::seconds(2))) return 0;
  baton::internal::log_line("baton-broker: no broker answers at " + to_string(broker));
  return 1;
}

/// An empty directory means in memory.
int run(baton::internal::broker::ServerOptions options, baton::internal::broker::Storage& storage,
        baton::internal::Wake& changed, const std::filesystem::path& directory) {
  const auto less = baton::internal::broker::fit_to_file_limit(options.settings,
                                                               baton::internal::files_possible());
  if (!less.empty()) baton::internal::log_line("baton-broker: " + less);
  baton::internal::broker::Server server(options, storage, changed);
  if (!directory.empty()) baton::internal::broker::disk::FaultGuard::reading_is_over();
  auto ready = "baton-broker ready on " + to_string(server.address()) + ", items ";
  ready += directory.empty() ? "in memory" : "stored in " + directory.string();
  if (server.items_before() > 0)
    ready += ", " + std::to_string(server.items_before()) + " of them from before";
  baton::internal::Log(STDOUT_FILENO).line(ready);  // serve even if nothing reads it
  return server.run();
}

int serve_from_memory(const baton::internal::broker::ServerOptions& options) {
  baton::internal::Wake never;
  baton::internal::broker::MemoryStorage storage;
  return run(options, storage, never, {});
}

std::string cut_off(const std::filesystem::path& directory) {
  return "baton-broker: it ends, and confirms nothing more: the data in " + directory.string() +
         " was cut off while this broker used it, or its disk fails: reading it made this process "
         "fault\n";
}

std::string damaged(const std::filesystem::path& directory) {
  return "baton-broker: the data in " + directory.string() +
         " is damaged: reading it made this process fault\n";
}

std::string account(const baton::internal::broker::LogStorage::Written& items) {
  auto text = baton::internal::counted(items.put, "item") + " came in; " +
              std::to_string(items.written) + (items.written == 1 ? " was" : " were") +
              " written to disk, the others were done before";
  if (items.missing > 0)
    text += ", but for " + std::to_string(items.missing) +
            " that could not be written and were not confirmed";
  return text;
}

int serve_from_disk(const baton::internal::broker::BrokerCommand& command) {
  baton::internal::Wake changed;
  const baton::internal::broker::disk::FaultGuard guard(damaged(command.directory),
                                                        cut_off(command.directory));
  baton::internal::broker::DiskLog log(command.directory, changed);
  baton::internal::broker::LogStorage storage(log, command.storage);
  const int exit_code = run(command.server, storage, changed, command.directory);
  const auto items = storage.end();
  if (items.known && items.put > 0) baton::internal::log_line("baton-broker: " + account(items));
  return exit_code;
}

/// A mistyped name would be created, and reported as whole.
void require_data(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory / "baton.mdb", error)) return;
  if (error) baton::internal::broker::disk::cannot_use(directory, error.message());
  throw std::runtime_error("no data in " + directory.string() +
                           " (give --data the directory that the broker's first line names)");
}

/// The exit code of a command after its output.
int result_is_out() {
  if (!std::cout) throw std::runtime_error("cannot write to stdout");
  return 0;
}

int check_data(const std::filesystem::path& directory) {
  require_data(directory);
  const baton::internal::broker::disk::FaultGuard guard(damaged(directory), {});
  baton::internal::broker::disk::Database data(
      directory, baton::internal::broker::disk::Database::Access::read);
  const auto items = data.count();
  baton::internal::broker::disk::ClockNote::read(directory / "clock");
  const auto size = data.size();
  std::cout << directory.string() << ": whole, " << items << " items, " << size.all
            << " bytes, of which " << size.free << " are free" << std::endl;
  return result_is_out();
}

int compact(const std::filesystem::path& directory) {
  require_data(directory);
  baton::internal::Wake unused;
  const baton::internal::broker::disk::FaultGuard guard(damaged(directory), {});
  baton::internal::broker::DiskLog log(directory, unused);
  auto& data = log.database();
  const auto before = data.size().all;
  data.count();
  data.compact();
  std::cout << directory.string() << ": " << before << " bytes before, " << data.size().all
            << " now" << std::endl;
  return result_is_out();
}

int obey(const baton::internal::broker::BrokerCommand& command) {
  if (command.health) return check_health(command.server);
  if (command.check) return check_data(command.directory);
  if (command.compact) return compact(command.directory);
  return command.memory ? serve_from_memory(command.server) : serve_from_disk(command);
}

/// If the directory cannot be used: what to do. If another one could not be used before, why.
std::string about_directory(const baton::internal::broker::BrokerCommand& command,
                            const std::exception& error) {
  const bool of_directory =
      std::string_view(error.what()).starts_with("cannot use the data directory");
  if (!of_directory) return {};
  const auto nor = command.passed_over.empty() ? "" : "nor " + command.passed_over + "; ";
  return " (" + nor + "give --data another directory)";
}

}  // namespace

int main(int argc, char** argv) {
  baton::internal::keep_standard_streams();
  const auto command = baton::internal::broker::read_command_line(argc, argv);
  const auto signals = baton::internal::stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals,
                  nullptr);  // before any thread starts: the server reads them from a descriptor
  try {
    return obey(command);
  } catch (const std::exception& error) {
    baton::internal::log_line(
        "baton-broker: " + baton::internal::broker::disk::sentence(error, command.directory) +
        about_directory(command, error));
    return 1;
  }
}
