// How all four programs read their command lines: CLI11 knows the options; what is wrong is said
// here, in one plain sentence that names the first cause.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace baton::internal::cli {

/// Parses, or prints help, version or one line of error; then it gives the exit code to leave with.
/// With `words`, all that is neither an option nor an option's value goes there as it is; without,
/// there must be no such thing. What begins with -- is never an option's value, unless it is
/// written --option=value. What a value is, for "--data needs a directory", is the option's
/// type_name(), or comes with number().
std::optional<int> parse(CLI::App& app, int argc, char** argv,
                         std::vector<std::string>* words = nullptr);

/// A check made of a parser that throws std::invalid_argument with a sentence of what is wrong. One
/// that begins with "cannot" stands without the option's name.
template <class Parse>
CLI::Validator checked_by(Parse parse) {
  const auto check = [parse](const std::string& text) {
    try {
      parse(text);
      return std::string();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  return CLI::Validator(check, "");
}

/// A check for whole numbers, decimal ones: to be used with transform().
CLI::Validator number(std::uint64_t least, std::uint64_t most);

}  // namespace baton::internal::cli
