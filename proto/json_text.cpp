#include "proto/json_text.hpp"

#include <nlohmann/json.hpp>

namespace baton::internal {
namespace {

/// "[json.exception.parse_error.101] parse error at line 1, column 3: ..." without the useless
/// parts.
std::string in_plain_words(std::string text) {
  if (text.starts_with('[')) text.erase(0, text.find("] ") + 2);
  if (const std::string line = "at line 1, "; text.find(line) != text.npos)
    text.replace(text.find(line), line.size(), "at ");
  return text;
}

/// Takes the values as they come, and discards them.
class Looker final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Looker(std::size_t max_depth) : max_depth_(max_depth) {}
  std::string why;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(nlohmann::json::binary_t&) override { return true; }
  bool key(std::string&) override { return true; }
  bool start_object(std::size_t) override { return deeper(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_object() override { return --depth_, true; }
  bool end_array() override { return --depth_, true; }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    why = in_plain_words(error.what());
    return false;
  }

 private:
  bool deeper() {
    if (++depth_ <= max_depth_) return true;
    why = "it is nested deeper than " + std::to_string(max_depth_) + " levels";
    return false;
  }

  const std::size_t max_depth_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string why_not_json(std::string_view text, std::size_t max_depth) {
  Looker looker(max_depth);
  nlohmann::json::sax_parse(text, &looker);
  return std::move(looker.why);
}

}  // namespace baton::internal
