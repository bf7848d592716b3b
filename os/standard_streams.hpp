// The three streams that a process expects to be open, even if its parent closed them.
#pragma once

namespace baton::internal {

/// Which of them were open at the start.
struct StandardStreams {
  bool in = true, out = true, err = true;
};

/// Opens /dev/null on those of the descriptors 0 to 2 that are closed: otherwise the next files
/// opened, perhaps a socket, would be read as stdin or written to as stderr. Also ignores SIGPIPE
/// and SIGXFSZ: a reader that has gone, or a file at the limit of `ulimit -f`, then makes the write
/// fail instead of killing the process silently. Call it first in main().
StandardStreams keep_standard_streams();

}  // namespace baton::internal
