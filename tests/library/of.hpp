// The words that the library's tests are written in: they see what a user of the installed library
// sees.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <baton/consumer.hpp>
#include <baton/printer.hpp>
#include <baton/producer.hpp>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

inline Options options_of(const Broker& broker, const std::string& queue = "default") {
  return Options().broker(broker.address()).queue(queue);
}

/// The status that `call` throws; ok when it throws nothing.
template <class Call>
Status status_of(Call call) {
  try {
    call();
    return Status::ok;
  } catch (const Error& error) {
    return error.status();
  }
}

/// What a child process finds out: its exit code is the number of the first check that failed, else
/// 0.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace baton::internal::e2e
