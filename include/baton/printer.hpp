// Printers: receive the console lines that producers and consumers print. The C++17 interface over
// baton.h.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>

#include "baton/error.hpp"
#include "baton/options.hpp"

namespace baton {

/// All methods may be called from any thread. A moved-from Printer may only be destroyed.
class Printer {
 public:
  explicit Printer(const Options& options = {}) : log_(options.log()) {
    baton_printer* made = nullptr;
    detail::check(baton_printer_new(options.handle(), &made));
    handle_.reset(made);
  }

  /// `writer` is called with a std::string_view of whole blocks of lines, and returns how many
  /// bytes it has written: see baton_printer_run(). If it throws, the run ends, and the exception
  /// is rethrown here.
  template <class Writer>
  void run(Writer&& writer) {
    Call<std::remove_reference_t<Writer>> call{writer, nullptr};
    detail::check(baton_printer_run(handle(), &write<std::remove_reference_t<Writer>>, &call));
    if (call.thrown) std::rethrow_exception(call.thrown);
  }
  void stop() { detail::check(baton_printer_stop(handle())); }
  void close(TimeLimit limit = forever) {
    detail::check(baton_printer_close(handle(), limit.ms()));
  }

  baton_printer* handle() const noexcept { return handle_.get(); }

 private:
  struct Free {
    void operator()(baton_printer* printer) const noexcept { baton_printer_free(printer); }
  };
  template <class Writer>
  struct Call {
    Writer& writer;
    std::exception_ptr thrown;
  };

  template <class Writer>
  static std::size_t write(void* context, const char* lines, std::size_t size) noexcept {
    auto& call = *static_cast<Call<Writer>*>(context);
    try {
      return call.writer(std::string_view(lines, size));
    } catch (...) {
      call.thrown = std::current_exception();
      return 0;
    }
  }

  std::shared_ptr<Log> log_;  // outlives the client
  std::unique_ptr<baton_printer, Free> handle_;
};

}  // namespace baton
