#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <set>
#include <stdexcept>
#include <utility>

#include "cli/suggestion.hpp"
#include "proto/version.hpp"
#include "proto/visible.hpp"

namespace baton::internal::cli {
namespace {

struct Mistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string unknown(const CLI::App& app, const std::string& name, bool takes_words) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& known : option->get_lnames()) names.push_back("--" + known);
  const auto meant = nearest(name, names);
  const std::string hint = !meant.empty() ? " (did you mean " + meant + "?)"
                           : takes_words  ? " (put -- before words that begin with -)"
                                          : "";
  return "unknown option " + name + hint;
}

/// Splits a command line into options and words.
class Reader {
 public:
  Reader(const CLI::App& app, std::vector<std::string> args, std::vector<std::string>* words)
      : app_(app), args_(std::move(args)), words_(words) {}

  /// The options for CLI11: checked, each with its value in one piece.
  std::vector<std::string> options() {
    while (at_ < args_.size()) {
      const auto& arg = args_[at_++];
      if (arg == "--")
        while (at_ < args_.size()) word(args_[at_++]);
      else
        arg == "-" || !arg.starts_with('-') ? word(arg) : option(arg);
    }
    return options_;
  }
  bool given(const CLI::Option& option) const { return given_.contains(&option); }

 private:
  void word(const std::string& text) {
    if (!words_)
      throw Mistake("'" + text + "' is not expected: " + app_.get_name() + " takes options only");
    words_->push_back(text);
  }

  void option(const std::string& arg) {
    const auto name = arg.substr(0, arg.find('='));
    const auto* option = app_.get_option_no_throw(name);
    if (!option) throw Mistake(unknown(app_, name, words_ != nullptr));
    const bool again = !given_.insert(option).second;
    if (!takes_value(*option)) {
      if (name != arg) throw Mistake(name + " takes no value");
      if (!again) options_.push_back(name);
      return;
    }
    if (again && option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw)
      throw Mistake(name + " is given twice");
    add(name, name == arg ? next_value(name, *option) : arg.substr(name.size() + 1));
  }

  std::string next_value(const std::string& name, const CLI::Option& option) {
    if (at_ < args_.size() && !args_[at_].starts_with("--")) return args_[at_++];
    throw Mistake(name + " needs " + option.get_type_name());
  }

  void add(const std::string& name, const std::string& value) {
    // CLI11 would take "--name=" for an option whose value follows, and a value "-2" for an option.
    if (!value.empty()) return options_.push_back(name + "=" + value);
    options_.insert(options_.end(), {name, value});
  }

  const CLI::App& app_;
  const std::vector<std::string> args_;
  std::size_t at_ = 0;
  std::vector<std::string>* words_;
  std::vector<std::string> options_;
  std::set<const CLI::Option*> given_;
};

/// A check's error as a sentence: "--port: needs ..." becomes "--port needs ...". A value from the
/// environment is named after its variable.
std::string sentence(const CLI::App& app, const Reader& reader, const std::string& said) {
  for (const auto* option : app.get_options()) {
    const auto name = option->get_name(), lead = name + ": ";
    if (!said.starts_with(lead)) continue;
    auto rest = said.substr(lead.size());
    const auto& variable = option->get_envname();
    auto called = variable.empty() || reader.given(*option) ? name : variable;
    if (rest.starts_with("cannot ")) return rest;
    return called.append(rest.starts_with("needs ") ? " " : ": ").append(rest);
  }
  return said;
}

int refuse(const CLI::App& app, const std::string& why) {
  std::cerr << app.get_name() + ": " + visible(why) + "\n";
  return 2;
}

/// Prints help or the version.
int show(const CLI::App& app, const CLI::Success& what) {
  const int code = app.exit(what);
  if (std::cout.flush()) return code;
  std::cerr << app.get_name() + ": cannot write to standard output\n";
  return 1;
}

}  // namespace

Option& Option::shown(const std::string& value) {
  option_->option_text(value);
  return *this;
}

Option& Option::noun(const std::string& noun) {
  option_->type_name(noun);
  return *this;
}

Option& Option::variable(const std::string& name) {
  option_->envname(name);
  return *this;
}

Option& Option::excludes(std::initializer_list<Option> others) {
  for (const auto& other : others) option_->excludes(other.option_);
  return *this;
}

Option& Option::needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}

bool Option::given() const { return option_->count() > 0; }

CommandLine::CommandLine(const std::string& description, const std::string& program,
                         std::size_t columns)
    : program_(program), app_(std::make_unique<CLI::App>(description, program)) {
  app_->set_version_flag("--version", program + " " + product_version);
  app_->get_formatter()->column_width(columns);
}

CommandLine::~CommandLine() = default;

Option CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
  return Option(app_->add_flag(name, value, help));
}

Option CommandLine::text(const std::string& name, std::string& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}

Option CommandLine::texts(const std::string& name, std::vector<std::string>& values,
                          const std::string& help) {
  // One value each time it is given.
  return Option(app_->add_option(name, values, help)->take_all()->allow_extra_args(false));
}

Option CommandLine::taken(const std::string& name, std::function<void(const std::string&)> take,
                          const std::string& help) {
  const auto check = [take = std::move(take)](const std::string& text) {
    try {
      take(text);
      return std::string();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  const auto done = [](const std::string&) {};  // the check has taken it
  return Option(app_->add_option_function<std::string>(name, done, help)->check(check, ""));
}

Option CommandLine::number(const std::string& name, std::function<void(std::uint64_t)> take,
                           std::uint64_t least, std::uint64_t most, const std::string& help) {
  const auto what = "a number, " + std::to_string(least) + " to " + std::to_string(most);
  const auto read = [=, take = std::move(take)](const std::string& text) {
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool right = error == std::errc{} && stop == end && value >= least && value <= most;
    if (!right) throw std::invalid_argument("needs " + what + ", not '" + text + "'");
    take(value);
  };
  return taken(name, read, help).noun(what);
}

void CommandLine::words(const std::string& name, const std::string& shown,
                        const std::string& help) {
  app_->add_option(name, words_for_help_, help)->option_text(shown);
}

std::optional<int> CommandLine::parse(int argc, char** argv, std::vector<std::string>* words) {
  Reader reader(*app_, {argv + 1, argv + argc}, words);
  try {
    auto args = reader.options();
    std::reverse(args.begin(), args.end());  // CLI11 wants them reversed
    app_->parse(std::move(args));
    return std::nullopt;
  } catch (const CLI::Success& success) {
    return show(*app_, success);
  } catch (const Mistake& mistake) {
    return refuse(*app_, mistake.what());
  } catch (const CLI::ParseError& error) {
    // --help wins even if something else is wrong, such as a variable that all programs read.
    if (const auto* help = app_->get_help_ptr(); help && reader.given(*help))
      return show(*app_, CLI::CallForHelp());
    return refuse(*app_, sentence(*app_, reader, error.what()));
  }
}

}  // namespace baton::internal::cli
