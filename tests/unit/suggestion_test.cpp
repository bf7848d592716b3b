// What somebody may have meant.
#include "cli/suggestion.hpp"

#include <doctest/doctest.h>

namespace baton::internal::cli {

TEST_CASE("edit distance: changes, additions, omissions and swaps count one each") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("port", "port") == 0);
  CHECK(edit_distance("", "port") == 4);
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("por", "port") == 1);
  CHECK(edit_distance("ports", "port") == 1);
  CHECK(edit_distance("pont", "port") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("suggestion: near, or the only one that begins so, or none") {
  const std::vector<std::string> names{"--port", "--memory", "--max-memory", "--max-items",
                                       "--health"};
  CHECK(nearest("--prot", names) == "--port");
  CHECK(nearest("--memroy", names) == "--memory");
  CHECK(nearest("--max-item", names) == "--max-items");
  CHECK(nearest("--heal", names) == "--health");
  CHECK(nearest("--max", names) == "");
  CHECK(nearest("-2", names) == "");
  CHECK(nearest("--zzz", names) == "");
}

}  // namespace baton::internal::cli
