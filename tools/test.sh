#!/bin/sh
# Builds and runs every test there is: the release build's, the same under
# AddressSanitizer, LeakSanitizer and UBSan (but for what moves gigabytes), and
# a short run of each fuzzer. One ctest runs them all, so its last line speaks
# for the whole. Run by `make test`, which has installed what it needs.
set -eu
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}

mkdir -p build
build() {
  echo "test: building '$1'"
  cmake --preset "$1" >"build/configure-$1.log" 2>&1 || {
    cat "build/configure-$1.log" >&2
    exit 1
  }
  cmake --build --preset "$1" -j "$jobs"
}

build release
build fuzz
build sanitize

all=build/all-tests
mkdir -p "$all"
printf 'subdirs("%s" "%s" "%s")\n' "$PWD/build" "$PWD/build/sanitize" \
  "$PWD/build/fuzz" >"$all/CTestTestfile.cmake"
ctest --test-dir "$all" -j "$jobs" --output-on-failure --no-tests=error \
  "$@"
