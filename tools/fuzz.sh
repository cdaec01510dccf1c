#!/bin/sh
# A long run of every fuzzer, one after the other, on all cores. What it finds
# lies in build/fuzz/findings/; the corpus grows in build/fuzz/test/fuzz/corpus.
#
#   tools/fuzz.sh [seconds for each]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)"
findings=build/fuzz/findings
mkdir -p "$findings"
for source in test/fuzz/*_fuzzer.cpp; do
  name=$(basename "$source" .cpp)
  echo "fuzz: $name for $seconds s"
  "build/fuzz/test/fuzz/$name" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=1024 -fork="$(nproc)" -artifact_prefix="$findings/$name-" \
    "build/fuzz/test/fuzz/corpus/$name" "test/fuzz/corpus"
done
