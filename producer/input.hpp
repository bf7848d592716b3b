// What a producer program makes items of: words, and lines of files and of stdin.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baton {

/// Input that cannot be an item. what() names the place.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The body for a word or line: a JSON object stays as it is, anything else becomes {"name": text}; with `raw` the bytes
/// are the body. Throws InputError, which begins with `where`, when it is no UTF-8 (unless raw) or too long.
std::string body_of(std::string_view text, bool raw, const std::string& where);

/// Reads lines from a descriptor as they come.
class LineReader {
 public:
  /// Reading ends early when `stop_fd` becomes readable. Errors name the `source`. Neither descriptor is closed.
  LineReader(int fd, int stop_fd, std::string source = "stdin")
      : fd_(fd), stop_fd_(stop_fd), source_(std::move(source)) {}

  /// The next line without its end; the last one needs none. Nothing at the end, or when stopped. Throws
  /// std::system_error, and InputError for a line longer than any item.
  std::optional<std::string> next();
  /// Of the line that next() gave, from 1.
  std::size_t number() const { return number_; }
  /// "FILE: line N", of that line.
  std::string place() const { return place_of(number_); }
  /// Whether next() gave nothing because it was stopped, rather than at the end.
  bool stopped() const { return stopped_; }

 private:
  bool fill();
  std::string place_of(std::size_t number) const { return source_ + ": line " + std::to_string(number); }

  int fd_, stop_fd_;
  std::string source_;
  std::string buffer_;
  std::size_t begin_ = 0;   // of the next line in the buffer
  std::size_t looked_ = 0;  // up to here no line end follows
  std::size_t number_ = 0;
  bool end_ = false, stopped_ = false;
};

}  // namespace baton
