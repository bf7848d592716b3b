// Processes whose consumers hold items. What kills a process ends all of its consumers, so a
// suspect goes to a process that holds nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "proto/greeting.hpp"

namespace baton::internal::broker {

struct Queue;
struct Session;

/// What all sessions of a process hold together.
struct HolderProcess {
  std::uint64_t held = 0;
  std::uint32_t suspects = 0;  ///< suspects among them: it gets nothing else meanwhile
  /// It gets nothing until it holds nothing, then a suspect of this queue.
  Queue* reserved = nullptr;
  bool doubted = false;  ///< one of its sessions was lost and none heard from since: it may be
                         ///< dead, and gets nothing
  std::vector<Session*> sessions;

  bool set_aside() const { return suspects > 0 || reserved || doubted; }
};

class Holders {
 public:
  /// Called when a consumer session begins. A session that names no process gets its own.
  std::shared_ptr<HolderProcess> join(Session& session, const Hello& hello) {
    auto process = of(hello);
    process->sessions.push_back(&session);
    return process;
  }
  /// The session has ended and holds nothing.
  void leave(HolderProcess& process, const Session& session, const Hello& hello) {
    std::erase(process.sessions, &session);
    if (process.sessions.empty()) processes_.erase(hello.process);
  }

 private:
  std::shared_ptr<HolderProcess> of(const Hello& hello) {
    if (hello.process == 0) return std::make_shared<HolderProcess>();
    auto& process = processes_[hello.process];
    if (!process) process = std::make_shared<HolderProcess>();
    return process;
  }

  // By the process number in the hello.
  std::map<std::uint64_t, std::shared_ptr<HolderProcess>> processes_;
};

}  // namespace baton::internal::broker
