// A library to be loaded before a program's own: a handler for SIGUSR1, as a profiler or a runtime
// may have one, after which the call that it ran in is not gone on with.
#include <csignal>

namespace {

void nothing(int) {}

const struct Install {
  Install() {
    struct sigaction action {};
    action.sa_handler = nothing;  // without SA_RESTART
    sigaction(SIGUSR1, &action, nullptr);
  }
} install;

}  // namespace
