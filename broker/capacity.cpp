#include "broker/capacity.hpp"

#include <algorithm>
#include <stdexcept>

namespace baton::internal::broker {
namespace {

// Measured with libzmq 4.3.4: a consumer's three connections, its link's listener and connection,
// and one more descriptor of the link.
constexpr std::uint64_t files_per_session = 6;
constexpr std::uint64_t files_besides = 64;
constexpr std::uint64_t few = 1000;  // sessions: fewer than that is worth a line in the log

}  // namespace

std::string fit_to_file_limit(CoreSettings& settings, std::uint64_t files) {
  const auto wanted = settings.max_sessions;
  const auto room = files > files_besides ? (files - files_besides) / files_per_session : 0;
  const auto may_open =
      "may open " + std::to_string(files) + " files (raise the limit: ulimit -Hn): room for ";
  if (room == 0) throw std::runtime_error(may_open + "no client");
  if (room >= wanted) return {};
  settings.max_sessions = static_cast<std::uint32_t>(room);
  const bool asked_for = wanted != CoreSettings{}.max_sessions;
  if (!asked_for && room >= few) return {};
  return may_open + std::to_string(room) + " clients, not " + std::to_string(wanted);
}

}  // namespace baton::internal::broker
