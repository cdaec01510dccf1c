#!/bin/sh
# Builds the live view into build/view/page.html and tests it.
#
#   test/view/run.sh              all tests
#   test/view/run.sh FILE...      these (names in test/view)
#   test/view/run.sh --pictures   writes docs/pictures/view-{light,dark}.png
#   test/view/run.sh --show       serves the page with a made-up life
#
# VIEW_AGENT, VIEW_CLAUDE: the agent that is looked at, and its Claude; as they
# were built, if not set. VIEW_AGENT_URL: a running agent to look at, too,
# such as http://127.0.0.1:8080/#token=…
# CHROMIUM: the browser, if it is not /usr/bin/chromium.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

fail() {
  printf '%s\n' "view: error: $*" >&2
  exit 1
}

for program in node npm cmake; do
  command -v "$program" >/dev/null 2>&1 \
    || fail "$program is missing: run 'make deps'"
done
CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
[ -x "$CHROMIUM" ] || fail "$CHROMIUM is missing: run" \
  "'tools/install-dependencies.sh test'"
export CHROMIUM

stamp=node_modules/.container-agent-lock
lock=$(sha256sum <package-lock.json) || fail "package-lock.json is missing"
if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
  echo "view: installing puppeteer-core with npm ci (about 60 MB)"
  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error </dev/null || fail "npm ci failed (see above)"
  printf '%s\n' "$lock" >"$stamp"
fi

VIEW_PAGE=$root/build/view/page.html
export VIEW_PAGE
cmake -DPAGE="$root/main/trace/view/page.html" -DOUTPUT="$VIEW_PAGE" \
  -P "$root/cmake/one_page.cmake" || fail "the page was not built (see above)"

case ${1:-} in
  --pictures) exec node pictures.js ;;
  --show) exec node server.js "$VIEW_PAGE" ;;
esac

[ $# -gt 0 ] || set -- *.test.js
# In one process, so that one browser is started for all files.
load='for (const file of process.argv.slice(1)) require("./" + file)'
set -- node --test-reporter=spec --eval "$load" "$@"
# A browser gives up what it loads when the machine's network changes, as it does
# whenever a container starts or ends. Root gives it a network of its own.
if [ "$(id -u)" -eq 0 ] && [ -z "${VIEW_AGENT_URL:-}" ] \
  && unshare --net true 2>/dev/null; then
  exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
exec "$@"
