// The signals that ask a program to end.
#pragma once

#include <csignal>

namespace baton::internal {

/// SIGTERM, SIGINT and SIGHUP, but not those that the program inherited as ignored:
/// `nohup` does so, and a shell with its background jobs. A blocked signal that is ignored would be
/// read from a signalfd all the same.
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
