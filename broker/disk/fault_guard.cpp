#include "broker/disk/fault_guard.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace baton::internal::broker::disk {
namespace {

constexpr std::array at_start_only{SIGSEGV, SIGFPE, SIGABRT};
constexpr int time_limit_ms = 1000;  // for a reader of stderr that does not read

std::string words, words_later;  // written before the handlers are installed, then only read by
                                 // them

[[noreturn]] void print_and_end(const std::string& last) {
  pollfd err{STDERR_FILENO, POLLOUT, 0};
  if (poll(&err, 1, time_limit_ms) > 0)
    static_cast<void>(!write(STDERR_FILENO, last.data(), last.size()));
  _exit(1);
}

void at_start(int) { print_and_end(words); }
void later(int) { print_and_end(words_later); }

void set(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

void set_at_start(void (*handler)(int)) {
  for (const int one : at_start_only) set(one, handler);
}

}  // namespace

FaultGuard::FaultGuard(std::string first, std::string second) {
  words = std::move(first);
  words_later = std::move(second);
  set_at_start(at_start);
  set(SIGBUS, at_start);
}

FaultGuard::~FaultGuard() {
  set_at_start(SIG_DFL);
  set(SIGBUS, SIG_DFL);
}

void FaultGuard::reading_is_over() {
  set_at_start(SIG_DFL);
  set(SIGBUS, later);
}

}  // namespace baton::internal::broker::disk
