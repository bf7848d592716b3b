#include "producer/program/settings.hpp"

#include <algorithm>

namespace baton::internal {

std::string contradiction(const ProducerSettings& settings, bool raw, bool text) {
  const auto count = static_cast<std::ptrdiff_t>(settings.items.size());
  const auto dashes = std::count(settings.items.begin(), settings.items.end(), "-");
  const auto stdins = dashes + (settings.file == "-");
  const auto inputs =
      (settings.whole ? count > 0 : (count > dashes) + dashes) + !settings.file.empty();
  if (settings.items.empty() && settings.file.empty())
    return settings.whole ? "--whole: which files?" : "nothing to put: give ITEMs, - or --file";
  if (raw && text) return "--raw or --text: bytes as they are, or names made of them?";
  if (settings.whole && (raw || text || !settings.file.empty()))
    return "--whole puts each ITEM's file as it is: without --raw, --text and --file";
  if (stdins > 1) return "stdin (-) can be read once only";
  if (settings.no_stdin && stdins > 0) return "stdin is closed: there is nothing to read";
  if (settings.again && !settings.named()) return "--again needs --name";
  if (settings.again && settings.from > 0)
    return "--again or --from: all of it, or from line N on?";
  if (settings.from > 0 && inputs > 1)
    return "--from counts the lines of one input: a file, stdin, or the ITEMs";
  return {};
}

}  // namespace baton::internal
