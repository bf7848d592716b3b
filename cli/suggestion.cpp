#include "cli/suggestion.hpp"

#include <algorithm>

namespace baton::internal::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view typed, const std::vector<std::string>& names) {
  std::string best;
  std::size_t slips = typed.size() > 5 ? 3 : 2;  // must be fewer
  for (const auto& name : names)
    if (const auto distance = edit_distance(typed, name); distance < slips) {
      slips = distance;
      best = name;
    }
  if (!best.empty() || typed.size() < 4) return best;
  const auto begins_so = [&](const std::string& name) { return name.starts_with(typed); };
  const auto found = std::find_if(names.begin(), names.end(), begins_so);
  const bool only = std::count_if(names.begin(), names.end(), begins_so) == 1;
  return only ? *found : std::string();
}

}  // namespace baton::internal::cli
