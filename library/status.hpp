// How failures leave the C interface: as a status, with a sentence that the calling thread can ask
// for.
#pragma once

#include <cxxabi.h>

#include <string_view>

#include "baton/baton.h"

namespace baton::internal::capi {

inline constexpr baton_status ok = BATON_OK;

/// Makes `text` what baton_last_error() says, and returns `status`. Throws nothing.
baton_status failed(baton_status status, std::string_view text) noexcept;
/// The same with the status's own text.
baton_status failed(baton_status status) noexcept;
/// That of the exception that is handled now.
baton_status of_exception() noexcept;

/// What `body` returns; what it throws as a status. A thread that is ended (pthread_exit,
/// pthread_cancel) is.
template <class Body>
baton_status guarded(Body body) {
  try {
    return body();
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return of_exception();
  }
}

}  // namespace baton::internal::capi
