#!/bin/sh
# Runs a test program in a PID namespace of its own, so that it finds none of the
# Claudes that other tests have started, and leaves no process behind.
#
#   test/isolated.sh PROGRAM [ARGUMENT]...
#
# Only root makes namespaces. Without one, only one test program runs at a time.
set -eu

own_namespace='unshare --pid --fork --mount-proc --kill-child'
if [ "$(id -u)" -eq 0 ] && $own_namespace true 2>/dev/null; then
  # A process 1 that reaps: what a test leaves alone becomes its child.
  exec $own_namespace tini -s -- "$@"
fi
echo "isolated: no PID namespace here, waiting for other test programs" >&2
exec flock "${TMPDIR:-/tmp}/container-agent-tests-$(id -u).lock" "$@"
