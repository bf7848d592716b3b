#include "producer/input.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "proto/greeting.hpp"
#include "proto/limits.hpp"

namespace baton {
namespace {

constexpr std::size_t read_bytes = 64u << 10;

bool is_json_object(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first != text.npos && text[first] == '{' && nlohmann::json::accept(text);
}

}  // namespace

std::string body_of(std::string_view text, bool raw, const std::string& where) {
  std::string body(text);
  if (!raw) {
    if (!valid_utf8(text)) throw InputError(where + " is not UTF-8 (--raw sends the bytes as they are)");
    if (!is_json_object(text)) body = nlohmann::json{{"name", text}}.dump();
  }
  if (body.size() > max_body) throw InputError(where + " is longer than " + std::to_string(max_body) + " bytes");
  return body;
}

std::optional<std::string> LineReader::next() {
  for (;;) {
    const auto end = buffer_.find('\n', looked_);
    if (end != buffer_.npos) {
      auto line = buffer_.substr(begin_, end - begin_);
      begin_ = looked_ = end + 1;
      ++number_;
      return line;
    }
    looked_ = buffer_.size();
    if (looked_ - begin_ > max_body)
      throw InputError(place_of(number_ + 1) + " is longer than " + std::to_string(max_body) + " bytes");
    if (!fill()) break;
  }
  if (begin_ == buffer_.size()) return std::nullopt;
  ++number_;
  return buffer_.substr(std::exchange(begin_, buffer_.size()));
}

bool LineReader::fill() {
  if (end_) return false;
  buffer_.erase(0, begin_);
  looked_ -= begin_;
  begin_ = 0;
  pollfd items[] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (poll(items, 2, -1) < 0 && errno == EINTR) {
  }
  if (items[1].revents) {
    buffer_.clear();  // half a line is no item
    begin_ = looked_ = 0;
    end_ = stopped_ = true;
    return false;
  }
  const auto before = buffer_.size();
  buffer_.resize(before + read_bytes);
  const auto got = read(fd_, buffer_.data() + before, read_bytes);
  if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot read");
  buffer_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  end_ = got == 0;
  return !end_;
}

}  // namespace baton
