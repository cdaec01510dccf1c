#!/bin/sh
# Reads what `container-agent trace convert` makes with the parsers of the tools
# that it is for: Mermaid's own, and OpenTelemetry's protobuf messages.
#
#   test/trace/tools/run.sh [PROGRAM]     default: build/container-agent
#
# Installs them with npm ci into node_modules beside this file, once for each
# state of the lock file.
set -eu
cd "$(dirname "$0")/../../.."

fail() {
  printf '%s\n' "trace-tools: error: $*" >&2
  exit 1
}

program=${1:-build/container-agent}
[ -x "$program" ] || fail "$program is missing: run 'make build'"
case $program in
  /*) ;;
  *) program=$PWD/$program ;;
esac

cd test/trace/tools
[ -f package-lock.json ] || fail "test/trace/tools/package-lock.json is missing"
for tool in node npm; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing: run 'make deps'"
done

stamp=node_modules/.container-agent-lock
lock=$(sha256sum <package-lock.json)
if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
  echo "trace-tools: installing parsers with npm ci (about 180 MB)"
  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error </dev/null || fail "npm ci failed (see above)"
  printf '%s\n' "$lock" >"$stamp"
fi

CONTAINER_AGENT_BINARY=$program exec node --test convert.test.mjs
