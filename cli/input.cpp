#include "cli/input.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "proto/greeting.hpp"
#include "proto/json_text.hpp"
#include "proto/limits.hpp"

namespace baton::internal {
namespace {

constexpr std::size_t read_bytes = 64u << 10;
constexpr std::size_t large = 1u << 20;  // text that should exist in one copy only
constexpr std::string_view white = " \t\r\v\f";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr const char* convert = "convert it first (iconv -f UTF-16 -t UTF-8)";

bool begins_as_json(std::string_view text) {
  const auto first = text.find_first_not_of(white);
  return first != text.npos && (text[first] == '{' || text[first] == '[');
}

/// UTF-16 of most languages: one byte of most characters is 0, the other hardly ever.
bool is_every_second_zero(std::string_view bytes) {
  std::array<std::size_t, 2> zeros{};  // at even and odd offsets
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == '\0';
  const auto [fewer, more] = std::minmax(zeros[0], zeros[1]);
  return more >= 2 && more >= bytes.size() / 4 && fewer <= more / 16;
}

std::string too_long(const std::string& where, const char* in_what = "") {
  return where + " is longer than " + std::to_string(max_body) + " bytes" + in_what;
}

/// Reserves room for the largest item at once: growing step by step would move the buffer
/// repeatedly and need twice the memory. Unused parts cost nothing.
void make_room(std::string& buffer) {
  if (buffer.size() >= large && buffer.capacity() < max_body)
    buffer.reserve(max_body + 2 * read_bytes);
}

/// Reads available bytes, or waits for some, and appends them to the buffer. Returns how many, 0 at
/// the end; nullopt when stopped.
std::optional<std::size_t> read_more(int fd, int stop_fd, std::string& buffer,
                                     const std::string& source) {
  for (;;) {
    pollfd items[] = {{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    if (poll(items, 2, -1) < 0) continue;  // interrupted
    if (items[1].revents) return std::nullopt;
    make_room(buffer);
    const auto before = buffer.size();
    buffer.resize(before + read_bytes);
    const auto got = read(fd, buffer.data() + before, read_bytes);
    const int error = errno;
    buffer.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got >= 0) return static_cast<std::size_t>(got);
    // The descriptor may be shared with a process that made it non-blocking and has taken the
    // bytes.
    if (error != EINTR && error != EAGAIN && error != EWOULDBLOCK)
      throw InputError(source + ": cannot read: " + std::generic_category().message(error));
  }
}

}  // namespace

std::string why_no_lines(std::string_view bytes, Bodies kind) {
  const bool marked = bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
  if (kind != Bodies::raw && marked) return std::string("is UTF-16, not UTF-8: ") + convert;
  if (bytes.find('\0') == bytes.npos) return {};
  if (kind != Bodies::raw && is_every_second_zero(bytes))
    return std::string("looks like UTF-16: ") + convert;
  return "has NUL bytes: it is not text (--whole puts a file as one item)";
}

std::string body_of(std::string text, Bodies kind, const std::function<std::string()>& where) {
  if (const auto why = why_no_lines(text, kind); !why.empty())
    throw InputError(where() + " " + why);
  const char* in_what = "";
  if (kind != Bodies::raw) {
    if (!valid_utf8(text))
      throw InputError(where() + " is not UTF-8 (--raw sends the bytes as they are)");
    const bool as_it_is = kind == Bodies::json && begins_as_json(text);
    if (const auto why = as_it_is ? why_not_json(text) : ""; !why.empty())
      throw InputError(where() +
                       " begins like JSON, but is not valid (--text puts it as text): " + why);
    if (!as_it_is) {
      text = nlohmann::json{{"name", std::move(text)}}.dump();
      in_what = " as JSON";
    }
  }
  if (text.size() > max_body) throw InputError(too_long(where(), in_what));
  return text;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(white) == line.npos; }

void trim(std::string& line) {
  std::size_t marks = 0;
  while (std::string_view(line).substr(marks).starts_with(byte_order_mark))
    marks += byte_order_mark.size();
  line.erase(0, marks);
  if (line.ends_with('\r')) line.pop_back();
}

std::optional<std::string> LineReader::next() {
  for (;;) {
    const auto end = buffer_.find('\n', looked_);
    if (end != buffer_.npos) return take_line(end);
    looked_ = buffer_.size();
    if (looked_ - begin_ > max_body) throw InputError(too_long(place_of(number_ + 1)));
    if (!fill()) break;
  }
  if (begin_ == buffer_.size()) return std::nullopt;
  return take_line(buffer_.size());
}

/// A large line takes the buffer along: what follows it is short.
std::string LineReader::take_line(std::size_t end) {
  ++number_;
  const auto next = std::min(end + 1, buffer_.size());
  if (end - begin_ < large) {
    auto line = buffer_.substr(begin_, end - begin_);
    begin_ = looked_ = next;
    return line;
  }
  auto rest = buffer_.substr(next);
  buffer_.resize(end);
  buffer_.erase(0, begin_);
  begin_ = looked_ = 0;
  return std::exchange(buffer_, std::move(rest));
}

bool LineReader::fill() {
  if (end_) return false;
  buffer_.erase(0, begin_);
  looked_ -= begin_;
  begin_ = 0;
  const auto got = read_more(fd_, stop_fd_, buffer_, source_);
  if (!got) {
    buffer_.clear();  // half a line is not an item
    begin_ = looked_ = 0;
    end_ = stopped_ = true;
    return false;
  }
  if (check_) check_first();
  end_ = *got == 0;
  return !end_;
}

/// Before the first line is put, so that nothing of, say, a photo is put.
void LineReader::check_first() {
  const auto why = std::exchange(check_, {})(buffer_);
  if (why.empty()) return;
  const auto zero = buffer_.find('\0') == buffer_.npos ? 0 : buffer_.find('\0');
  const auto before = std::string_view(buffer_).substr(0, zero);
  throw InputError(
      place_of(1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'))) + " " +
      why);
}

std::optional<std::string> read_whole(int fd, int stop_fd, const std::string& source) {
  std::string body;
  while (body.size() <= max_body) {
    const auto got = read_more(fd, stop_fd, body, source);
    if (!got) return std::nullopt;
    if (*got == 0) break;
  }
  if (body.size() > max_body) throw InputError(too_long(source));
  return body;
}

}  // namespace baton::internal
