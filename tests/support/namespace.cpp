#include "tests/support/namespace.hpp"

namespace baton::internal::e2e {
namespace {

Args holding(const std::string& setup) {
  const std::string script = "set -e; ip link set lo up; " + setup + "; echo $$; read -r _";
  return {"/bin/sh", "-c", "exec unshare --net --mount sh -c \"$0\"", script};
}

}  // namespace

Namespace::Namespace(const std::string& setup) : holder_(holding(setup)) {
  if (holder_.out().next()) return;
  static_cast<void>(holder_.wait());
  why_not_ = "no network namespace of its own: " + holder_.err().text();
  while (why_not_.ends_with('\n')) why_not_.pop_back();
}

Process Namespace::start(const std::string& program, const Args& args) const {
  Args argv{"/usr/bin/nsenter", "--target",           std::to_string(holder_.pid()), "--net",
            "--mount",          program_path(program)};
  argv.insert(argv.end(), args.begin(), args.end());
  return Process(argv);
}

}  // namespace baton::internal::e2e
