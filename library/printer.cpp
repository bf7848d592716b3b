// Printers of the C interface.
#include "printer/printer.hpp"

#include <memory>

#include "library/options.hpp"
#include "library/status.hpp"

struct baton_printer {
  explicit baton_printer(baton::internal::ClientOptions options) : printer(std::move(options)) {}

  baton::internal::Printer printer;
};

using namespace baton::internal::capi;

namespace {

template <class Body>
baton_status done(baton_printer* printer, Body body) {
  if (!printer) return failed(BATON_INVALID_ARGUMENT, "the printer is NULL");
  return guarded([&] {
    body(printer->printer);
    return ok;
  });
}

}  // namespace

baton_status baton_printer_new(const baton_options* options, baton_printer** printer) {
  if (!printer) return failed(BATON_INVALID_ARGUMENT, "the pointer for the printer is NULL");
  return guarded([&] {
    *printer = std::make_unique<baton_printer>(printer_options(options)).release();
    return ok;
  });
}

void baton_printer_free(baton_printer* printer) { delete printer; }

baton_status baton_printer_run(baton_printer* printer, baton_writer writer, void* context) {
  if (!writer) return failed(BATON_INVALID_ARGUMENT, "the writer is NULL");
  return done(printer, [&](baton::internal::Printer& made) {
    made.run([&](std::string_view lines) { return writer(context, lines.data(), lines.size()); });
  });
}

baton_status baton_printer_stop(baton_printer* printer) {
  return done(printer, [](baton::internal::Printer& made) { made.stop(); });
}

baton_status baton_printer_close(baton_printer* printer, std::int64_t timeout_ms) {
  return done(printer, [&](baton::internal::Printer& made) { made.close(time_limit(timeout_ms)); });
}
