// Console lines that tell whether they are whole: who says them, which one it is, how long it is,
// all of one letter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace baton::internal::e2e {

/// Sizes of lines: most are up to `most` bytes long, some, `long_ones` in a thousand, up to 64 KiB.
struct LineSizes {
  std::size_t most;
  int long_ones;
  static constexpr std::size_t longest = 64u << 10;

  std::size_t draw(std::mt19937_64& random) const {
    const bool long_one = std::uniform_int_distribution<int>(0, 999)(random) < long_ones;
    return std::uniform_int_distribution<std::size_t>(32, long_one ? longest : most)(random);
  }
};

struct TestLine {
  std::string who;
  std::uint64_t number = 0;
};

/// "<WHO NUMBER SIZE xxxxx>", SIZE bytes in all, 32 at least; without a newline.
inline std::string test_line(const TestLine& written, std::size_t size) {
  auto line =
      "<" + written.who + " " + std::to_string(written.number) + " " + std::to_string(size) + " ";
  line.resize(size - 1, static_cast<char>('a' + written.number % 26));
  return line + ">";
}

/// Nothing when the line is not as test_line() made it.
inline std::optional<TestLine> parse_test_line(std::string_view line) {
  const auto first = line.find(' '), second = line.find(' ', first + 1);
  if (!line.starts_with('<') || first == line.npos || second == line.npos) return std::nullopt;
  const auto digits = line.substr(first + 1, second - first - 1);
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != digits.npos)
    return std::nullopt;
  TestLine written{std::string(line.substr(1, first - 1)), std::stoull(std::string(digits))};
  return test_line(written, line.size()) == line ? std::optional(written) : std::nullopt;
}

}  // namespace baton::internal::e2e
