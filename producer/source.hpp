// What a producer's run puts, by name: so that a later run of the same name knows whether it is the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton {

/// The name of a source that gives these parts, and then what the file holds (none: empty path): BLAKE2b (RFC 7693) over
/// all of it, in hex. Empty when it cannot be told: a part is "-", or the path is something else than a regular file, such
/// as a pipe, which could be read once only. Throws std::system_error when the file cannot be read. Reads it whole.
std::string source_of(const std::vector<std::string>& parts, const std::string& path);

}  // namespace baton
