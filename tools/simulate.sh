#!/bin/sh
# Runs the first $1 seeds of the simulation, in each mode, in $2 processes at
# once. Run by `make simulate`, which has built it. Exit code 1 if an invariant
# was violated.
set -eu
cd "$(dirname "$0")/.."
seeds=$1
jobs=$2
# Ranges small enough that the processes end at about the same time.
size=$(((seeds + jobs * 8 - 1) / (jobs * 8)))
first=1
while [ "$first" -le "$seeds" ]; do
  last=$((first + size - 1))
  [ "$last" -le "$seeds" ] || last=$seeds
  for mode in claude once raw keep; do
    echo "--mode $mode --seeds $first..$last"
  done
  first=$((last + 1))
done | xargs -P "$jobs" -n 4 build/simulation || {
  echo "simulate: an invariant was violated, see above" >&2
  exit 1
}
