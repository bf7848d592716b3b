#include "tests/support/inspect.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace baton::internal::e2e {
namespace {

namespace fs = std::filesystem;

std::size_t entries_of(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string proc(pid_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

std::set<std::string> sockets_of(pid_t pid) {
  std::set<std::string> inodes;
  for (const auto& entry : fs::directory_iterator(proc(pid, "fd"))) {
    std::error_code gone;  // it may be closed meanwhile
    const auto target = fs::read_symlink(entry.path(), gone).string();
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

}  // namespace

std::size_t open_files(pid_t pid) { return entries_of(proc(pid, "fd")); }
std::size_t thread_count(pid_t pid) { return entries_of(proc(pid, "task")); }

std::set<std::uint16_t> listening_ports(pid_t pid) {
  constexpr const char* listening = "0A";
  const auto own = sockets_of(pid);
  std::set<std::uint16_t> ports;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string number, local, remote, state, skipped, inode;
      words >> number >> local >> remote >> state;
      for (int i = 0; i < 5; ++i) words >> skipped;  // queues, timers, retransmits, user, timeout
      words >> inode;
      if (state == listening && own.contains(inode))
        ports.insert(
            static_cast<std::uint16_t>(std::stoi(local.substr(local.rfind(':') + 1), nullptr, 16)));
    }
  }
  return ports;
}

}  // namespace baton::internal::e2e
