// Command lines of all four programs: CLI11 parses the options; errors are reported here, in one
// plain sentence that names the first cause.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace baton::internal::cli {

/// Parses the command line; or prints help, version or one line of error, and returns the exit
/// code. With `words`, arguments that are neither options nor their values are stored there;
/// without, they are errors. An argument that begins with -- is never an option's value, unless
/// written as --option=value. The noun for a value, as in "--data needs a directory", is the
/// option's type_name(), or set by number().
std::optional<int> parse(CLI::App& app, int argc, char** argv,
                         std::vector<std::string>* words = nullptr);

/// A check made from a parser that throws std::invalid_argument with a sentence about the error. A
/// sentence that begins with "cannot" is printed without the option's name.
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

/// A check for whole decimal numbers; use it with transform().
CLI::Validator number(std::uint64_t least, std::uint64_t most);

}  // namespace baton::internal::cli
