// How doctest shows what the tests compare.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace doctest {

template <class Strings>
String show_all(const Strings& strings) {
  std::string text = "{";
  for (const std::string& one : strings) text += (text.size() > 1 ? ", " : "") + one;
  return (text + "}").c_str();
}

template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& strings) { return show_all(strings); }
};

template <>
struct StringMaker<std::multiset<std::string>> {
  static String convert(const std::multiset<std::string>& strings) { return show_all(strings); }
};

template <>
struct StringMaker<std::optional<int>> {
  static String convert(const std::optional<int>& code) {
    return code ? toString(*code) : "still running";
  }
};

}  // namespace doctest
