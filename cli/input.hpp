// What a producer program makes items of: words, lines of files and of stdin, and whole files.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baton::internal {

/// Input that cannot be an item. what() names the place.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the body of an item is, for a word or a line.
enum class Bodies : std::uint8_t {
  json,  ///< what begins with { or [ as it is, and must be JSON; anything else as {"name": text}
  text,  ///< {"name": text}, whatever it looks like
  raw,   ///< its bytes
};

/// The body for a word or line. Throws InputError, which begins with where(), when it is too long,
/// holds a NUL, or (unless raw) is no UTF-8, or begins as JSON does and is none.
std::string body_of(std::string text, Bodies kind, const std::function<std::string()>& where);

/// Whether nothing but white space is in it: such a line is no item, unless raw.
bool is_blank(std::string_view line);

/// Takes off the byte order marks that files from elsewhere begin with, also when they were joined,
/// and the end of a line that another system has.
void trim(std::string& line);

/// Reads lines from a descriptor as they come.
class LineReader {
 public:
  /// Says why these bytes are no lines; empty when they may be.
  using Check = std::function<std::string(std::string_view)>;

  /// Reading ends early when `stop_fd` becomes readable. Errors name the `source`. Neither
  /// descriptor is closed. `check` sees the first bytes that come before any line of them is given.
  LineReader(int fd, int stop_fd, std::string source = "stdin", Check check = {})
      : fd_(fd), stop_fd_(stop_fd), source_(std::move(source)), check_(std::move(check)) {}

  /// The next line without its end; the last one needs none. Nothing at the end, or when stopped.
  /// Throws InputError for a line longer than any item, and when it cannot be read.
  std::optional<std::string> next();
  /// Of the line that next() gave, from 1.
  std::size_t number() const { return number_; }
  /// "FILE: line N", of that line.
  std::string place() const { return place_of(number_); }
  /// Whether next() gave nothing because it was stopped, rather than at the end.
  bool stopped() const { return stopped_; }

 private:
  bool fill();
  std::string take_line(std::size_t end);
  void check_first();
  std::string place_of(std::size_t number) const {
    return source_ + ": line " + std::to_string(number);
  }

  int fd_, stop_fd_;
  std::string source_;
  Check check_;
  std::string buffer_;
  std::size_t begin_ = 0;   // of the next line in the buffer
  std::size_t looked_ = 0;  // up to here no line end follows
  std::size_t number_ = 0;
  bool end_ = false, stopped_ = false;
};

/// Why lines of that kind cannot be made of these bytes: they are UTF-16, or no text at all. Empty
/// when they can.
std::string why_no_lines(std::string_view bytes, Bodies kind);

/// All that can be read, of `source`, as one body; nothing when stopped. Throws InputError when it
/// is too long for an item.
std::optional<std::string> read_whole(int fd, int stop_fd, const std::string& source);

}  // namespace baton::internal
