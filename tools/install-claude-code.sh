#!/bin/sh
# Installs the pinned Claude Code into test/claude_code/node_modules, once for
# each state of the lock file. Nothing is installed outside that folder.
set -eu
cd "$(dirname "$0")/../test/claude_code" 2>/dev/null || {
  echo "claude-code: error: test/claude_code is missing" >&2
  exit 1
}

fail() {
  printf '%s\n' "claude-code: error: $*" >&2
  exit 1
}

[ -f package-lock.json ] || fail "test/claude_code/package-lock.json is missing"

stamp=node_modules/.container-agent-lock
claude=node_modules/.bin/claude
lock=$(sha256sum <package-lock.json)

# Starts nothing but the version: no network, no settings of this user.
works() {
  home=$(mktemp -d)
  version=$(env -i PATH="$PATH" HOME="$home" DISABLE_AUTOUPDATER=1 \
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 "$claude" --version \
    </dev/null 2>"$home/error") && result=0 || result=1
  [ "$result" -eq 0 ] || reason=$(head -n 3 "$home/error")
  rm -rf "$home"
  return "$result"
}

if [ -x "$claude" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ]; then
  exit 0
fi

command -v npm >/dev/null 2>&1 || fail "npm is missing: run 'make deps'"
echo "claude-code: installing the pinned Claude Code with npm ci (about 370 MB)"
npm ci --ignore-scripts=false --no-audit --no-fund --no-update-notifier \
  --loglevel=error </dev/null || fail "npm ci failed (see above)"

# Some versions of npm are set not to run a package's install script, and this
# one's puts the program in its place.
if ! works; then
  (cd node_modules/@anthropic-ai/claude-code && node install.cjs </dev/null) \
    || true
fi
works || fail "installed, but '$claude --version' fails: ${reason:-no output}"
printf '%s\n' "$lock" >"$stamp"
echo "claude-code: $version"
