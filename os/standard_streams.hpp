// The three streams that every process may take for granted, unless the program that started it
// closed them.
#pragma once

namespace baton::internal {

/// Which of them were open at the start.
struct StandardStreams {
  bool in = true, out = true, err = true;
};

/// Opens /dev/null on those of the descriptors 0 to 2 that are closed: else the next ones that are
/// opened, a socket perhaps, would be read as stdin or written to as stderr. From then on SIGPIPE
/// and SIGXFSZ are ignored: that a reader has gone, or that a file is as large as `ulimit -f`
/// allows, is an error of the write, and no reason to end without a word. To be called first in
/// main().
StandardStreams keep_standard_streams();

}  // namespace baton::internal
