#!/bin/sh
# Builds and runs the tests: units under AddressSanitizer, LeakSanitizer and
# UBSan, the program as it is shipped (docs/testing.md). One ctest runs them all,
# so its last line speaks for the whole; a summary follows. Run by `make test`,
# which has installed what it needs.
#
#   tools/test.sh [--all] [CTEST ARGUMENT]...
#
# --all: every test in both configurations, libFuzzer, the Dockerfile's own build,
# and four times as many simulated runs.
set -eu
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
all=OFF
if [ "${1:-}" = --all ]; then
  all=ON
  shift
fi

mkdir -p build
build() {
  echo "test: building '$1'"
  cmake --preset "$1" -DAGENT_ALL_TESTS="$all" >"build/configure-$1.log" 2>&1 || {
    cat "build/configure-$1.log" >&2
    exit 1
  }
  cmake --build --preset "$1" -j "$jobs"
}

build release
build sanitize
folders="\"$PWD/build\" \"$PWD/build/sanitize\""
if [ $all = ON ]; then
  build fuzz
  folders="$folders \"$PWD/build/fuzz\""
fi

together=build/all-tests
rm -rf build/test-results build/sanitize/test-results "$together"
mkdir -p build/test-results build/sanitize/test-results "$together"
printf 'subdirs(%s)\n' "$folders" >"$together/CTestTestfile.cmake"
# Most tests wait more than they compute: twice as many as there are cores.
result=0
ctest --test-dir "$together" -j "$((jobs * 2))" --output-on-failure \
  --no-tests=error --output-junit "$PWD/build/test-results/ctest.junit" \
  --test-output-size-passed 1000000 "$@" \
  || result=$?
node tools/test-summary.mjs build/test-results/ctest.junit \
  build/test-results build/sanitize/test-results || [ $result -ne 0 ]
exit $result
