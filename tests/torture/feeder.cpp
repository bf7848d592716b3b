#include <csignal>
#include <fstream>

#include "tests/torture/system.hpp"

namespace baton::internal::torture {

Feeder::Feeder(std::string name, std::filesystem::path directory, const e2e::Broker& broker)
    : name_(std::move(name)), path_(std::move(directory) / name_), broker_(broker) {
  append();
}

std::string Feeder::item(int part, int line) const {
  return name_ + "-" + std::to_string(part) + "-" + std::to_string(line);
}

void Feeder::append() {
  const int part = static_cast<int>(parts_.size());
  parts_.push_back(finishing_ ? lines_of_last : lines_of_part);
  std::ofstream out(path_, std::ios::app);
  for (int line = 0; line < parts_.back(); ++line) out << item(part, line) << '\n';
  out.close();
  start();
}

void Feeder::start() {
  killed_ = false;
  e2e::Args args{"--name", name_, "--raw", "--file", path_.string(), "--connect-timeout", "60"};
  if (last())
    args.push_back("--wait");
  else
    args.insert(args.end(), {"--sleep", "0:0.01"});
  process_.emplace(broker_.producer(args));
}

void Feeder::kill() {
  killed_ = true;
  process_->signal(SIGKILL);
}

void Feeder::double_up() {
  fenced_.push_back(std::move(*process_));
  start();
}

std::string Feeder::tend() {
  std::string problem;
  fenced_.remove_if([&](e2e::Process& process) {
    const auto code = process.wait(e2e::Clock::duration::zero());
    // It may have been killed, or through, before it was fenced.
    if (code && *code > 1 && *code != 128 + SIGKILL)
      problem = name_ + " was to be fenced, and ended with " + std::to_string(*code);
    return code.has_value();
  });
  const auto code = finished_ ? std::nullopt : process_->wait(e2e::Clock::duration::zero());
  if (!code) return problem;
  if (*code != 0) {
    // Of two that come at the same moment either may be the newer one.
    if (!killed_ && process_->err().text().find("newer session") == std::string::npos)
      problem = name_ + " ended with " + std::to_string(*code) + ": " + process_->err().text();
    start();
  } else if (last()) {
    finished_ = true;
  } else {
    append();
  }
  return problem;
}

void Feeder::testify(Evidence& evidence) const {
  for (std::size_t part = 0; part < parts_.size(); ++part)
    for (int line = 0; line < parts_[part]; ++line) {
      const auto name = item(static_cast<int>(part), line);
      evidence.attempted.insert(name);
      if (part + 1 < parts_.size() || finished_) evidence.confirmed.insert(name);
    }
}

}  // namespace baton::internal::torture
