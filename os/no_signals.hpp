// Blocks signals for the thread that creates this object: its calls are not interrupted, nor are
// those of threads it starts. Signals that a fault of the thread itself raises (SIGSEGV, SIGBUS and
// the like) are not blocked: for a blocked one the kernel ends the process without calling the
// handler that the process may have for its crashes.
#pragma once

#include <pthread.h>

#include <csignal>

namespace baton::internal {

class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
      sigdelset(&all, own);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace baton::internal
