// Command lines of all programs: CLI11 parses the options; errors are reported here, in one plain
// sentence that names the first cause. CLI11 takes seconds to compile, so only command_line.cpp
// includes it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace baton::internal::cli {

/// An option of a command line, which must outlive it.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// What --help shows of its value, such as "N [10]"; instead of all that CLI11 would say.
  Option& shown(const std::string& value);
  /// The noun for its value, as in "--data needs a directory".
  Option& noun(const std::string& noun);
  /// Its value if it is not given.
  Option& variable(const std::string& name);
  Option& excludes(std::initializer_list<Option> others);
  Option& needs(const Option& other);
  bool given() const;

 private:
  CLI::Option* option_;
};

/// What it is given to store values in must outlive it.
class CommandLine {
 public:
  /// Options begin in the left part of the help, which is `columns` wide. --help and --version are
  /// there already.
  CommandLine(const std::string& description, const std::string& program, std::size_t columns = 30);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  const std::string& program() const { return program_; }

  Option flag(const std::string& name, bool& value, const std::string& help);
  Option text(const std::string& name, std::string& value, const std::string& help);
  /// May be given several times; then `values` are only those.
  Option texts(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// A text that `check` or `read` accepts: it throws std::invalid_argument with a sentence about
  /// the error. One that begins with "cannot" is printed without the option's name.
  template <class Check>
  Option checked(const std::string& name, std::string& value, Check check,
                 const std::string& help) {
    return taken(
        name, [&value, check](const std::string& text) { check(text), value = text; }, help);
  }
  template <class Value, class Reader>
  Option parsed(const std::string& name, Value& value, Reader read, const std::string& help) {
    return taken(
        name, [&value, read](const std::string& text) { value = read(text); }, help);
  }
  /// A whole decimal number.
  template <std::integral Number>
  Option number(const std::string& name, Number& value, std::uint64_t least, std::uint64_t most,
                const std::string& help) {
    auto option = number(
        name, [&value](std::uint64_t given) { value = static_cast<Number>(given); }, least, most,
        help);
    return option.shown("N [" + std::to_string(value) + "]");
  }
  /// Shown by --help: arguments that are neither options nor their values.
  void words(const std::string& name, const std::string& shown, const std::string& help);

  /// Parses the arguments; or prints help, version or one line of error, and returns the exit code.
  /// With `words`, arguments that are neither options nor their values are stored there; without,
  /// they are errors. An argument that begins with -- is never an option's value, unless written as
  /// --option=value.
  std::optional<int> parse(int argc, char** argv, std::vector<std::string>* words = nullptr);

 private:
  Option taken(const std::string& name, std::function<void(const std::string&)> take,
               const std::string& help);
  Option number(const std::string& name, std::function<void(std::uint64_t)> take,
                std::uint64_t least, std::uint64_t most, const std::string& help);

  const std::string program_;
  std::vector<std::string> words_for_help_;
  std::unique_ptr<CLI::App> app_;
};

}  // namespace baton::internal::cli
