# Prints what bash would offer for the last word, one a line:
#
#   bash test/manual/candidates.bash FILE_OF_COMPLETIONS WORD...
#
# Words as bash has them: --mode=raw is three.
# Not -e: compopt fails outside of a completion.
set -u
# shellcheck source=/dev/null # made by the build
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_container_agent
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
