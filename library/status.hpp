// Errors at the C interface: a status, and a sentence that the calling thread can ask for.
#pragma once

#include <cxxabi.h>

#include <string_view>

#include "baton/baton.h"

namespace baton::internal::capi {

inline constexpr baton_status ok = BATON_OK;

/// Sets `text` for baton_last_error(), and returns `status`. Does not throw.
baton_status failed(baton_status status, std::string_view text) noexcept;
/// The same with the status's own text.
baton_status failed(baton_status status) noexcept;
/// The status of the exception being handled.
baton_status of_exception() noexcept;

/// Returns the result of `body`, or an exception as a status. Lets a thread end that is being ended
/// (pthread_exit, pthread_cancel).
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
