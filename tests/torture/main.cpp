// Tortures real processes, and accounts for each item: torture --seconds N --seed S.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "cli/command_line.hpp"
#include "net/sockets.hpp"
#include "tests/support/skip.hpp"
#include "tests/torture/system.hpp"

namespace {

using baton::internal::torture::Account;
using baton::internal::torture::Done;

/// What the end-to-end tests' words require is required here, too.
void fail(const doctest::AssertData& assertion) {
  throw std::runtime_error(std::string(assertion.m_file) + ": not so: " + assertion.m_expr);
}

void print_head() {
  std::cout << "seed | broker kills, stops | worker kills, stops | producer kills, doubled | "
               "connections reset, silent | disk full "
               "| attempted | confirmed | got | lost | unexpected | duplicated | of these "
               "unexplained | recovered\n"
               "---|---|---|---|---|---|---|---|---|---|---|---|---|---\n"
            << std::flush;
}

void print_row(std::uint64_t seed, const Done& done, const Account& account) {
  std::cout << seed << " | " << done.broker_kills << ", " << done.broker_stops << " | "
            << done.worker_kills << ", " << done.worker_stops << " | " << done.producer_kills
            << ", " << done.fenced << " | " << done.resets << ", " << done.silences << " | "
            << done.full_disks << " | " << account.attempted << " | " << account.confirmed << " | "
            << account.got << " | " << account.lost << " | " << account.unexpected << " | "
            << account.duplicated << " | " << account.unexplained << " | " << account.recovered
            << '\n'
            << std::flush;
}

/// What the machine forbids is left out, and said, but where everything must be tried.
bool may_go_without_full_disks(const baton::internal::torture::System& system) {
  if (system.why_not_full().empty()) return true;
  std::cout << "skipped: the disk is never full in this run: " << system.why_not_full()
            << std::endl;
  return std::getenv("CI") == nullptr;
}

/// Whether all is as it must be.
bool torture(const baton::internal::torture::Settings& settings) {
  const baton::internal::e2e::TemporaryDirectory directory;
  baton::internal::torture::System system(settings, directory.path());
  if (!may_go_without_full_disks(system)) return false;
  system.run();
  const auto account = baton::internal::torture::settle(system.evidence());
  print_row(settings.seed, system.done(), account);
  for (const auto& example : account.examples) std::cerr << example << '\n';
  for (const auto& problem : system.problems()) std::cerr << "problem: " << problem << '\n';
  return account.valid() && system.problems().empty();
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler(fail);

  baton::internal::cli::CommandLine line(
      "Kills, stops and cuts off brokers, workers and producers, fills the disk, and accounts for "
      "each item.",
      "torture");
  baton::internal::torture::Settings settings;
  std::int64_t seconds = settings.time.count();
  std::uint64_t runs = 1;
  line.number("--seconds", seconds, 1, 86400, "time to torture in each run");
  line.number("--seed", settings.seed, 0, UINT64_MAX, "what happens, of the first run");
  line.number("--runs", runs, 1, 1000, "with the seeds that follow");
  line.flag("--memory", settings.memory, "the broker keeps nothing: shows that loss is found");
  if (const auto code = line.parse(argc, argv)) return *code;
  settings.time = std::chrono::seconds(seconds);
  if (const auto files = baton::internal::files_possible();
      files < baton::internal::torture::files_needed) {
    std::cout << "skipped: it needs " << baton::internal::torture::files_needed
              << " open files, and may have " << files << '\n';
    return std::getenv("CI") ? 1 : baton::internal::tests::skipped_code;
  }
  bool valid = true;
  try {
    print_head();
    for (std::uint64_t i = 0; i < runs; ++i, ++settings.seed) valid = torture(settings) && valid;
  } catch (const std::exception& error) {
    std::cerr << "torture: " << error.what() << '\n';
    return 2;
  }
  std::cout << (valid ? "valid" : "NOT VALID") << '\n';
  return valid ? 0 : 1;
}
