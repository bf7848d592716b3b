// Where a producer program's items come from: words, lines of files and of stdin, and whole files.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baton::internal {

/// Input that cannot become an item. what() names the place.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How a word or a line becomes the body of an item.
enum class Bodies : std::uint8_t {
  json,  ///< { or [ at the start: unchanged, must be JSON; anything else: {"name": text}
  text,  ///< {"name": text}, whatever it looks like
  raw,   ///< its bytes
};

/// The body for a word or line. Throws InputError, beginning with where(), if it is too long,
/// contains a NUL, or (unless raw) is not UTF-8, or begins like JSON but is invalid.
std::string body_of(std::string text, Bodies kind, const std::function<std::string()>& where);

/// Whether the line has only white space: then it is no item, unless raw.
bool is_blank(std::string_view line);

/// Removes byte order marks at the beginning, also several after files were joined, and a foreign
/// line end.
void trim(std::string& line);

/// Reads lines from a descriptor as they arrive.
class LineReader {
 public:
  /// Says why these bytes are not lines; empty if they may be.
  using Check = std::function<std::string(std::string_view)>;

  /// Reading stops early when `stop_fd` becomes readable. Errors name the `source`. Does not close
  /// the descriptors. `check` receives the first bytes before any line of them is returned.
  LineReader(int fd, int stop_fd, std::string source = "stdin", Check check = {})
      : fd_(fd), stop_fd_(stop_fd), source_(std::move(source)), check_(std::move(check)) {}

  /// The next line without its end, which the last line need not have. nullopt at the end, or when
  /// stopped. Throws InputError for a line longer than any item, and for read errors.
  std::optional<std::string> next();
  /// Number of the line returned last, from 1.
  std::size_t number() const { return number_; }
  /// "FILE: line N", for the same line.
  std::string place() const { return place_of(number_); }
  /// Whether next() returned nullopt because it was stopped, not at the end.
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
  std::size_t looked_ = 0;  // there is no line end before this
  std::size_t number_ = 0;
  bool end_ = false, stopped_ = false;
};

/// Why lines of that kind cannot be made of these bytes: they are UTF-16, or not text. Empty if
/// they can.
std::string why_no_lines(std::string_view bytes, Bodies kind);

/// Everything readable from `source` as one body; nullopt when stopped. Throws InputError if it is
/// too long for an item.
std::optional<std::string> read_whole(int fd, int stop_fd, const std::string& source);

}  // namespace baton::internal
