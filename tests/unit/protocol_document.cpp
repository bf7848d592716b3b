#include "tests/unit/protocol_document.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace baton::internal::test {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::string from_hex(std::string text) {
  std::erase(text, ' ');
  if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw std::runtime_error("not hex: " + text);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

/// "HEX  NAME  VALUE": two spaces or more part the three; HEX may hold single ones.
Field parse_field(const std::string& line) {
  const auto hex_end = line.find("  ");
  if (hex_end == std::string::npos) throw std::runtime_error("not a field: " + line);
  const auto name = line.find_first_not_of(' ', hex_end);
  const auto name_end = std::min(line.find(' ', name), line.size());
  return {from_hex(line.substr(0, hex_end)), line.substr(name, name_end - name),
          trimmed(line.substr(name_end))};
}

void add_line(std::vector<Field>& fields, const std::string& line) {
  if (!line.starts_with("| ")) {
    fields.push_back(parse_field(line));
    return;
  }
  if (fields.empty() || fields.back().name != "json") fields.push_back({"", "json", ""});
  fields.back().bytes += line.substr(2);
}

}  // namespace

std::string bytes_of(const std::vector<Field>& fields) {
  std::string bytes;
  for (const auto& field : fields) bytes += field.bytes;
  return bytes;
}

std::string read_document() {
  const auto path = std::filesystem::path(BATON_SOURCE_DIR) / "proto/PROTOCOL.md";
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Example> examples_in(std::string_view document) {
  static constexpr std::string_view fence = "```example ";
  std::vector<Example> examples;
  bool inside = false;
  bool topic = false;
  for (const auto& line : lines_of(document)) {
    if (line.starts_with(fence)) {
      examples.push_back({line.substr(fence.size()), {}, {}});
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.starts_with("frame ")) {
      topic = line == "frame topic";
    } else if (inside) {
      add_line(topic ? examples.back().topic : examples.back().message, line);
    }
  }
  return examples;
}

std::vector<std::vector<std::string>> table_in(std::string_view document, std::string_view header) {
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (auto line : lines_of(document)) {
    if (inside && !line.starts_with("|")) break;
    if (inside && !line.starts_with("|---")) {
      std::erase(line, '`');
      std::istringstream in(line.substr(1));
      rows.emplace_back();
      for (std::string cell; std::getline(in, cell, '|');) rows.back().push_back(trimmed(cell));
    }
    inside = inside || line.starts_with(header);
  }
  return rows;
}

}  // namespace baton::internal::test
