#!/bin/sh
# Installs what is missing of the Debian packages that a task needs, and says
# so. Does nothing, and needs no rights, when all of it is there.
#
#   tools/install-dependencies.sh [build] [package] [test] [fuzz] [node] [engine]
#                                 [lint]
set -eu

say() { printf '%s\n' "deps: $*"; }
fail() {
  printf '%s\n' "deps: error: $*" >&2
  exit 1
}

# package|what it is for
build_packages='
g++|the compiler
cmake|the build
ninja-build|a faster build
libcaf-dev|the actors
libboost1.81-dev|Asio, Boost.Process and Boost.Beast
nlohmann-json3-dev|JSON
libcli11-dev|the command line
libtomlplusplus-dev|the configuration file
prometheus-cpp-dev|metrics
libgtest-dev|the tests
libgmock-dev|the tests'

package_packages='
dpkg-dev|finds what the program depends on'

test_packages='
ccache|compiles nothing twice
mold|a faster linker
dpkg-dev|makes the Debian package
lintian|checks it
mandoc|checks the man page
groff-base|the other reader of man pages
zsh|the completion of its own
fish|the completion of its own
clang-format-14|the layout check
curl|asks the agent, as the manual says
jq|reads its answers, likewise
socat|talks to its socket, likewise
tini|process 1 of test programs, and the one that ours is compared with
util-linux|unshare and nsenter: a process 1 for tests
chromium|the browser that the live view is tested in
fonts-liberation|letters for it
fuse-overlayfs|a file system in user space, on which the state is tried'

fuzz_packages='
clang-14|the fuzzers
libclang-rt-14-dev|libFuzzer and the sanitizers of Clang'

lint_packages='
clang-tidy-14|make lint
clang-format-14|make format'

# npm only where none is installed: one from elsewhere is as good.
node_packages='
npm|installs Claude Code, which the tests and the demo talk to
ca-certificates|npm downloads over HTTPS'

# An engine only where none answers and none is installed: those of others would
# have to go for Debian's.
engine_packages='
docker.io|the engine that the container is tested in
iproute2|tells that engine of the network'
compose_packages='
docker-compose|docker/compose.yml is tested with it'
base_packages='
mmdebstrap|a base image where none can be pulled'

[ $# -gt 0 ] || set -- build test fuzz node engine lint

wanted=''
for task in "$@"; do
  case $task in
    build) wanted="$wanted$build_packages" ;;
    package) wanted="$wanted$package_packages" ;;
    test) wanted="$wanted$test_packages" ;;
    fuzz) wanted="$wanted$fuzz_packages" ;;
    lint) wanted="$wanted$lint_packages" ;;
    node)
      command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 \
        || wanted="$wanted$node_packages"
      ;;
    engine)
      wanted="$wanted$base_packages"
      command -v dockerd >/dev/null 2>&1 || docker info >/dev/null 2>&1 \
        || wanted="$wanted$engine_packages"
      docker compose version >/dev/null 2>&1 \
        || command -v docker-compose >/dev/null 2>&1 \
        || wanted="$wanted$compose_packages"
      ;;
    *) fail "unknown task '$task' (build, package, test, fuzz, node, engine, lint)" ;;
  esac
done

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=''
IFS='
'
command -v dpkg-query >/dev/null 2>&1 || {
  names=''
  for line in $wanted; do names="$names ${line%%|*}"; done
  fail "this is not Debian; install the equivalents of:$names, then run" \
    "cmake --preset release && cmake --build --preset release"
}
for line in $wanted; do
  package=${line%%|*}
  installed "$package" && continue
  case " $missing " in *" $package "*) continue ;; esac
  say "$package is missing (${line#*|})"
  missing="$missing $package"
done
unset IFS
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=''
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
else
  fail "installing needs root or sudo; as root, run:" \
    "apt-get update && apt-get install --no-install-recommends$missing"
fi

# Nobody is asked anything, and standard input is left alone.
apt_get() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Dpkg::Use-Pty=0 "$@" </dev/null
}

say "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get update >"$log" 2>&1 || {
  cat "$log" >&2
  say "'apt-get update' failed (see above); trying with the lists as they are"
}
# shellcheck disable=SC2086 # a list of words
apt_get install --no-install-recommends $missing >"$log" 2>&1 || {
  tail -n 30 "$log" >&2
  fail "'apt-get install$missing' failed (see above)"
}
say "installed"
