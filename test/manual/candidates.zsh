# Prints what zsh would offer for the last word, one a line:
#
#   zsh -f test/manual/candidates.zsh FOLDER_OF_COMPLETIONS SCRATCH_FOLDER LINE
#
# Completion works in an interactive zsh only: one on a terminal of its own gets
# LINE and a TAB, and notes what its completion adds.
emulate -L zsh
setopt err_exit no_unset
zmodload zsh/zpty

export COMPLETIONS=$1 ZDOTDIR=$2 CANDIDATES=$2/candidates
: >$CANDIDATES

cat >$ZDOTDIR/.zshrc <<'RC'
PROMPT='begin>'
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  # Asked for a list of matches, nothing is offered.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits == 0 )) || print -rl -- $hits >>$CANDIDATES
  builtin compadd "$@"
}
completion_ends() { print -n '<end>' }
comppostfuncs=(completion_ends)
RC

zpty shell exec zsh -d -i
zpty -r shell seen '*begin>*'
zpty -w -n shell $3$'\t'
zpty -r shell seen '*<end>*'
zpty -d shell
sort -u $CANDIDATES
