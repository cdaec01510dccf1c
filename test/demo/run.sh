#!/bin/bash
# The main job, to watch: two prompts of one conversation go into a named pipe,
# the real Claude Code answers, and the answers come out of the other pipe.
#
# With ANTHROPIC_API_KEY set it asks the real service; without, a stand-in for
# the Messages API on 127.0.0.1 that the project ships.
set -euo pipefail
cd "$(dirname "$0")/../.."

agent=$PWD/build/container-agent
claude=$PWD/test/claude_code/node_modules/.bin/claude
stand_in=$PWD/build/messages_api_stand_in
patience=120 # seconds for a turn: the first start of Claude Code reads 240 MB

for program in "$agent" "$claude"; do
  [ -x "$program" ] || {
    echo "demo: error: $program is missing: run 'make demo'" >&2
    exit 1
  }
done

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

work=$(mktemp -d)
pids=()
clean_up() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
mkdir "$work/home"

# Claude Code gets this and nothing else of the environment around it.
environment=(PATH="$PATH" HOME="$work/home" LANG=C.UTF-8 DISABLE_AUTOUPDATER=1
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1)

if [ -n "${ANTHROPIC_API_KEY:-}" ]; then
  say "ANTHROPIC_API_KEY is set: Claude Code asks the real service."
  environment+=(ANTHROPIC_API_KEY="$ANTHROPIC_API_KEY")
else
  mkfifo "$work/stand_in.hold" "$work/stand_in.says"
  "$stand_in" --port 0 --until-stdin-closes <>"$work/stand_in.hold" \
    >"$work/stand_in.says" &
  pids+=($!)
  read -r line <"$work/stand_in.says"
  say "ANTHROPIC_API_KEY is not set: an offline stand-in for the Messages API" \
    "answers (${line##* })."
  echo "Claude Code is the real one; only what it is told is made up."
  environment+=(ANTHROPIC_BASE_URL="http://${line##* }" ANTHROPIC_API_KEY=dummy
    IS_SANDBOX=1)
fi

say "1. The agent starts Claude Code and makes two named pipes."
echo "$ container-agent --pipe-dir pipes --claude-command claude"
env -i "${environment[@]}" "$agent" --pipe-dir "$work/pipes" \
  --claude-command "$claude" --log-format text 2>"$work/log" &
agent_pid=$!
pids+=("$agent_pid")

# The agent makes the pipes within milliseconds; inotify would need a package.
until [ -p "$work/pipes/claude.out.fifo" ]; do
  kill -0 "$agent_pid" 2>/dev/null || {
    echo "demo: error: the agent has ended:" >&2
    cat "$work/log" >&2
    exit 1
  }
  sleep 0.02
done
ls -l "$work/pipes"

# What a host does: read lines. Each `result` ends a turn.
mkfifo "$work/answers"
exec 4<>"$work/answers"
(
  while IFS= read -r line; do
    if [ ${#line} -gt 150 ]; then
      printf '  %s … (%d bytes)\n' "${line:0:120}" ${#line}
    else
      printf '  %s\n' "$line"
    fi
    if [[ $line == *'"type":"result"'* ]]; then
      sed -E 's/.*"result":"(([^"\\]|\\.)*)".*/\1/' <<<"$line" >&4
    fi
  done
) <"$work/pipes/claude.out.fifo" &
pids+=($!)

ask() {
  say "$1 A prompt goes into the pipe; the events come out as they happen:"
  echo "$ echo '$2' > pipes/claude.in.fifo"
  echo "$2" >"$work/pipes/claude.in.fifo"
  IFS= read -r -t "$patience" answer <&4 || {
    echo "demo: error: no result within $patience s; the agent's log:" >&2
    cat "$work/log" >&2
    exit 1
  }
  printf '\nThe answer: \033[1m%s\033[0m\n' "$answer"
}

ask "2." "My name is Ada. Please remember it."
ask "3." "What is my name?"

say "4. The agent is told to stop: it lets Claude Code finish, and removes the pipes."
echo "$ kill -TERM $agent_pid"
kill -TERM "$agent_pid"
code=0
wait "$agent_pid" || code=$?
echo "It left with exit code $code; in the folder of the pipes: $(ls -A "$work/pipes" | wc -l) files."

say "What the agent logged:"
sed 's/^/  /' "$work/log"
exit "$code"
