#!/bin/sh
# clang-tidy, over what differs from the last commit, or over all with --all.
# Headers are checked through the files that include them.
set -eu
cd "$(dirname "$0")/.."

tidy=clang-tidy-14
command -v "$tidy" >/dev/null 2>&1 || {
  echo "lint: error: $tidy is missing: run 'make deps'" >&2
  exit 1
}

# The debug preset has no precompiled headers of g++, which Clang cannot read.
# Configuring is enough.
cmake --preset debug >/dev/null
every=$(find messages actors main test -name node_modules -prune \
  -o -name '*.cpp' ! -path 'test/fuzz/*' -print)
if [ "${1:-}" = --all ]; then
  files=$every
else
  changed=$( (git diff --name-only HEAD && git ls-files --others \
    --exclude-standard) | sort -u)
  files=$(printf '%s\n' "$every" | grep -Fx "$changed" || true)
fi
[ -n "$files" ] || {
  echo "lint: nothing has changed; 'make lint ALL=1' checks everything"
  exit 0
}
printf '%s\n' "$files" \
  | xargs -P "$(nproc)" -n 2 "$tidy" -p build/debug --quiet
