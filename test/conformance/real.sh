#!/bin/sh
# Plays the scenarios to the pinned Claude Code, unless this build folder has seen
# it pass. What it does depends on its version, on the scenarios and on who plays
# them, but on nothing of the agent.
#
#   test/conformance/real.sh STAMP PROGRAM [ARGUMENT]...
#
# STAMP: a file that tells what has passed. AGENT_ALL_TESTS: plays in any case.
# Exit code 77: skipped.
set -eu
stamp=$1
shift
test=$(dirname "$0")/..

key=$(find "$test/conformance" "$test/support" "$test/isolated.sh" \
  "$test/claude_code/package-lock.json" -type f | LC_ALL=C sort \
  | xargs sha256sum | sha256sum)
if [ -z "${AGENT_ALL_TESTS:-}" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]
then
  echo "SKIPPED: the pinned Claude Code has passed these scenarios here before"
  exit 77
fi
rm -f "$stamp"
"$test/isolated.sh" "$@"
printf '%s\n' "$key" >"$stamp"
