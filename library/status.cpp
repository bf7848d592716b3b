#include "library/status.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>
#include <zmq.hpp>

#include "client/error.hpp"
#include "proto/version.hpp"

namespace baton::internal::capi {
namespace {

struct Meaning {
  const char* name;
  const char* text;
};

constexpr std::array meanings = {
    Meaning{"BATON_OK", "no error"},
    Meaning{"BATON_WOULD_BLOCK", "the time is up"},
    Meaning{"BATON_INTERRUPTED", "the call was interrupted"},
    Meaning{"BATON_CLOSED", "the client is closed"},
    Meaning{"BATON_STOPPED", "the client was stopped"},
    Meaning{"BATON_SHUTDOWN", "the system is shutting down"},
    Meaning{"BATON_NOT_HELD", "the item's lease has ended: it goes to another consumer"},
    Meaning{"BATON_BUSY", "a call of the same kind is running"},
    Meaning{"BATON_UNREACHABLE", "no broker answered within the connect timeout"},
    Meaning{"BATON_REFUSED", "the broker rejected this client"},
    Meaning{"BATON_UNCONFIRMED", "the broker did not confirm the end: the last calls may be lost"},
    Meaning{"BATON_INVALID_ARGUMENT", "an argument is out of its range"},
    Meaning{"BATON_FORKED", "the handle belongs to the parent process"},
    Meaning{"BATON_NO_RESOURCES", "no memory, descriptors or threads are left"},
    Meaning{"BATON_INTERNAL", "a defect of the library"},
};
static_assert(meanings.size() == BATON_INTERNAL + 1);

const Meaning& meaning_of(baton_status status) {
  static constexpr Meaning unknown = {"unknown status", "unknown status"};
  return status >= 0 && static_cast<std::size_t>(status) < meanings.size()
             ? meanings[static_cast<std::size_t>(status)]
             : unknown;
}

/// The error of a thread: its own text, or a fixed one. Has no destructor: the failing call may be
/// the last of its thread.
struct LastError {
  std::array<char, 1024> text;
  const char* fixed;
  Refusal refusal;
};

thread_local constinit LastError last_error = {{}, "", Refusal::none};

baton_status status_of(ClientError::Kind kind) {
  switch (kind) {
    case ClientError::Kind::unreachable:
      return BATON_UNREACHABLE;
    case ClientError::Kind::refused:
      return BATON_REFUSED;
    case ClientError::Kind::close_unconfirmed:
      return BATON_UNCONFIRMED;
    case ClientError::Kind::shutdown:
      return BATON_SHUTDOWN;
    case ClientError::Kind::closed:
      return BATON_CLOSED;
    case ClientError::Kind::stopped:
      return BATON_STOPPED;
    case ClientError::Kind::argument:
      return BATON_INVALID_ARGUMENT;
    case ClientError::Kind::interrupted:
      return BATON_INTERRUPTED;
    case ClientError::Kind::busy:
      return BATON_BUSY;
    case ClientError::Kind::forked:
      return BATON_FORKED;
  }
  return BATON_INTERNAL;
}

}  // namespace

baton_status failed(baton_status status, std::string_view text) noexcept {
  auto& to = last_error.text;
  const auto size = std::min(text.size(), to.size() - 1);
  std::copy_n(text.data(), size, to.data());
  to[size] = '\0';
  last_error.fixed = nullptr;
  last_error.refusal = Refusal::none;
  return status;
}

baton_status failed(baton_status status) noexcept {
  last_error.fixed = meaning_of(status).text;
  last_error.refusal = Refusal::none;
  return status;
}

baton_status of_exception() noexcept {
  try {
    throw;
  } catch (const ClientError& error) {
    const auto status = failed(status_of(error.kind()), error.what());
    last_error.refusal = error.refusal();
    return status;
  } catch (const std::bad_alloc&) {
    return failed(BATON_NO_RESOURCES);
  } catch (const std::invalid_argument& error) {
    return failed(BATON_INVALID_ARGUMENT, error.what());
  } catch (const std::runtime_error& error) {  // from the system: no descriptors, no threads
    return failed(BATON_NO_RESOURCES, error.what());
  } catch (const zmq::error_t& error) {
    return failed(BATON_NO_RESOURCES, error.what());
  } catch (const std::exception& error) {
    return failed(BATON_INTERNAL, error.what());
  } catch (...) {
    return failed(BATON_INTERNAL);
  }
}

}  // namespace baton::internal::capi

using namespace baton::internal::capi;

const char* baton_status_name(baton_status status) { return meaning_of(status).name; }
const char* baton_status_text(baton_status status) { return meaning_of(status).text; }

const char* baton_last_error() {
  return last_error.fixed ? last_error.fixed : last_error.text.data();
}

const char* baton_last_refusal() {
  const auto refusal = last_error.refusal;
  return refusal == baton::internal::Refusal::none ? "" : baton::internal::name(refusal).data();
}

const char* baton_version() { return baton::internal::product_version; }
