// Reads proto/PROTOCOL.md: its examples and its tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::internal::test {

/// One line of an example: bytes, the field that they fill, and its value for people.
struct Field {
  std::string bytes;
  std::string name;
  std::string value;
  bool operator==(const Field&) const = default;
};

struct Example {
  std::string name;
  std::vector<Field> topic;  ///< empty where the message is the only frame
  std::vector<Field> message;
};

std::string bytes_of(const std::vector<Field>& fields);

/// The document's text. Throws when it cannot be read.
std::string read_document();

/// All ```example blocks, in order. Throws on a line that is none of what the document says an
/// example is made of.
std::vector<Example> examples_in(std::string_view document);

/// The cells of the rows of the first table whose header row begins with `header`, without
/// backticks.
std::vector<std::vector<std::string>> table_in(std::string_view document, std::string_view header);

}  // namespace baton::internal::test
