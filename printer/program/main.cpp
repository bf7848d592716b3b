#include <unistd.h>

#include "cli/program.hpp"
#include "net/standard_streams.hpp"
#include "printer/printer.hpp"

int main(int argc, char** argv) {
  const auto streams = baton::internal::keep_standard_streams();
  CLI::App app{"Prints the console lines of all processes, whole and in one order, on stdout.",
               "baton-printer"};
  const baton::internal::CommonOptions common(app, /*with_tag=*/false);
  if (const auto code = baton::internal::cli::parse(app, argc, argv)) return *code;
  try {
    if (!streams.out)
      throw baton::internal::ClientError(baton::internal::ClientError::Kind::output,
                                         "cannot write: stdout is closed");
    baton::internal::ClientOptions options;
    common.read(options);
    baton::internal::StopSignals signals;
    baton::internal::Printer printer(options);
    const baton::internal::StopSignals::Watcher watcher(signals, [&printer] { printer.stop(); });
    printer.run(STDOUT_FILENO);
    printer.close();
    return 0;
  } catch (const std::exception& error) {
    return baton::internal::report("baton-printer", error);
  }
}
