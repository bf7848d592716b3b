// The signals that ask a program to end.
#pragma once

#include <csignal>

namespace baton::internal {

/// SIGTERM, SIGINT and SIGHUP, except those inherited as ignored (by `nohup`, or in a shell's
/// background jobs). A signalfd would report a blocked signal even if it is ignored.
inline sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction action {};
    const bool ignored = sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!ignored) sigaddset(&set, signal);
  }
  return set;
}

}  // namespace baton::internal
