// The three streams that every process may take for granted, unless whoever started it closed them.
#pragma once

namespace baton {

/// Opens /dev/null on those of the descriptors 0 to 2 that are closed: else the next ones that are opened, a socket perhaps,
/// would be read as stdin or written to as stderr. To be called first in main().
void keep_standard_streams();

}  // namespace baton
