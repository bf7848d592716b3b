#include "proto/body_name.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proto/greeting.hpp"
#include "proto/json_text.hpp"
#include "proto/visible.hpp"

namespace baton::internal {
namespace {

using nlohmann::json;

std::string dump(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Collects the value of the outermost object's `name`, up to about `size` bytes; of a string its
/// content.
class NameFinder final : public nlohmann::json_sax<json> {
 public:
  explicit NameFinder(std::size_t size) : size_(size) {}

  bool found() const { return found_; }
  const std::string& name() const { return name_; }

  bool null() override { return value("null"); }
  bool boolean(bool truth) override { return value(truth ? "true" : "false"); }
  bool number_integer(number_integer_t number) override { return value(std::to_string(number)); }
  bool number_unsigned(number_unsigned_t number) override { return value(std::to_string(number)); }
  bool number_float(number_float_t, const string_t& text) override { return value(text); }
  bool string(string_t& text) override {
    return value(depth_ == 1 ? text : within_ ? dump(cut(text)) : std::string());
  }
  bool key(string_t& text) override {
    if (depth_ == 1) {  // if the key occurs twice the last one counts
      within_ = text == "name";
      if (within_) name_.clear();
      between_ = false;
    } else if (within_) {
      write(dump(cut(text)) + ":");
      between_ = false;
    }
    return true;
  }
  bool start_object(std::size_t) override { return opened("{"); }
  bool start_array(std::size_t) override { return opened("["); }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }
  bool end_object() override { return closed("}"); }
  bool end_array() override { return closed("]"); }

 private:
  std::string cut(const std::string& text) const { return std::string(cut_utf8(text, size_ + 1)); }

  void write(std::string_view text) {
    if (!within_ || name_.size() > size_) return;
    if (between_) name_ += ',';
    name_ += text;
  }
  bool value(std::string_view text) {
    write(text);
    return ended();
  }
  bool opened(std::string_view text) {
    write(text);
    between_ = false;
    return ++depth_ <= max_json_depth;
  }
  bool closed(std::string_view text) {
    --depth_;
    between_ = false;
    write(text);
    return ended();
  }
  bool ended() {
    between_ = true;
    if (depth_ != 1) return true;
    found_ = found_ || within_;
    within_ = false;
    return true;
  }

  std::size_t size_, depth_ = 0;
  std::string name_;
  bool within_ = false;   // the value of `name`
  bool between_ = false;  // between two values: write a comma first
  bool found_ = false;
};

bool is_object(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{' && text.find('\0') == text.npos;
}

}  // namespace

std::string name_of_body(std::string_view body, std::size_t size) {
  NameFinder finder(size);
  const bool named =
      is_object(body) && json::sax_parse(body.begin(), body.end(), &finder) && finder.found();
  const std::string_view name = named ? std::string_view(finder.name()) : body;
  return name.size() > size ? visible(cut_utf8(name, size)) + "..." : visible(name);
}

}  // namespace baton::internal
