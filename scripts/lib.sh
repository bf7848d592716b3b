# shellcheck shell=bash
# What the scripts share. Sourced, with the repository's root as the working directory.

# shellcheck disable=SC2034  # read by those who source this
build_packages=(g++ cmake ninja-build libzmq3-dev cppzmq-dev nlohmann-json3-dev libcli11-dev
  liblmdb-dev libsodium-dev libdeflate-dev doctest-dev help2man)
# shellcheck disable=SC2034
test_packages=(python3-zmq valgrind abigail-tools clang-14 pkg-config)
# shellcheck disable=SC2034
fuzz_packages=(clang-14 libclang-rt-14-dev llvm-14) # llvm: source lines for a crash's addresses

fail() {
  echo "error: $*" >&2
  exit 1
}

# What the machine forbids: says why; with CI set that is a failure.
skip() {
  [[ -z ${CI:-} ]] || fail "$1"
  echo "skipped: $1"
  exit 77
}

# Installs those of the Debian packages that are missing; does nothing when none is.
need_packages() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $(id -u) -eq 0 ]] ||
    fail "missing Debian packages, install them as root: apt-get install ${missing[*]}"
  echo "Installing ${missing[*]}" >&2
  quietly apt-get update
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends "${missing[@]}"
}

# Runs a command; its output is shown (on stderr) only when it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm "$log"
    fail "failed: $*"
  fi
  rm "$log"
}

# ready_port LOG: waits for a broker's ready line, and prints its port.
ready_port() {
  local port
  for _ in $(seq 100); do
    port=$(sed -nE 's/.*ready on [^ ]*:([0-9]+).*/\1/p' "$1")
    [[ -z $port ]] || break
    sleep 0.1
  done
  [[ -n $port ]] || fail "the broker does not listen: $(<"$1")"
  echo "$port"
}

preset_dir() {
  if [[ $1 == release ]]; then echo build; else echo "build-$1"; fi
}

# Configures a preset unless that was done since it last changed. With CI set, warnings are errors.
configure_preset() {
  local dir
  dir=$(preset_dir "$1")
  if [[ -n ${CI:-} || ! -f $dir/build.ninja || CMakePresets.json -nt $dir/build.ninja ]]; then
    quietly cmake --preset "$1" -DBATON_WERROR="${CI:+ON}"
  fi
}

# Builds a preset's targets (all when none is named).
build_preset() {
  configure_preset "$1"
  cmake --build "$(preset_dir "$1")" ${2:+--target "${@:2}"}
}

# Runs the tests of a build directory, with ctest's closing line last. Most of them wait most of the
# time.
run_ctest() {
  # Most tests wait most of the time.
  ctest --test-dir "$1" --output-on-failure --no-tests=error --parallel "$((4 * $(nproc)))" \
    "${@:2}" </dev/null
}

# Says of ctest's logs how many tests there were, what was skipped and why. What has skipped a part
# counts as skipped.
summarise() {
  awk '
    /^[0-9]+\/[0-9]+ Testing: / { sub(/^[0-9]+\/[0-9]+ Testing: /, ""); test = $0; part = 0 }
    /^skipped: / { why[++reasons] = test ": " substr($0, 10); part = 1 }
    /^Test Passed\.$/ { if (part) ++skipped; else ++passed }
    /^Test Failed\.$/ { ++failed; bad[failed] = test }
    END {
      for (i = 1; i <= reasons; ++i) print "skipped: " why[i]
      for (i = 1; i <= failed; ++i) print "failed: " bad[i]
      printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    }' "$1"
}
