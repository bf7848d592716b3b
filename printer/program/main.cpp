#include <unistd.h>

#include <system_error>

#include "baton/printer.hpp"
#include "cli/program.hpp"
#include "os/standard_streams.hpp"
#include "printer/program/output.hpp"

using namespace baton::internal;

namespace {

struct OutputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void print(const baton::Options& options, StopSignals& signals) {
  baton::Printer printer(options);
  Wake stop;
  Output output(STDOUT_FILENO, stop, [&printer] { printer.stop(); });
  const StopSignals::Watcher watcher(signals, [&] {
    stop.signal();
    printer.stop();
  });
  printer.run([&output](std::string_view lines) {
    try {
      return output.write(lines);
    } catch (const std::system_error& error) {
      throw OutputError("cannot write: " + error.code().message());
    }
  });
  printer.close();
}

}  // namespace

int main(int argc, char** argv) {
  const auto streams = keep_standard_streams();
  cli::CommandLine line(
      "Prints the console lines of all processes, whole and in one order, on stdout.",
      "baton-printer");
  const CommonOptions common(line, /*with_tag=*/false);
  if (const auto code = line.parse(argc, argv)) return *code;
  try {
    if (!streams.out) throw OutputError("cannot write: stdout is closed");
    StopSignals signals;
    print(common.read(), signals);
    return 0;
  } catch (const std::exception& error) {
    return report("baton-printer", error);
  }
}
