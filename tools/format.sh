#!/bin/sh
# Formats every C++ file of the project, or checks them.
#
#   tools/format.sh              rewrites the files
#   tools/format.sh --check      names the lines that would change, exit 1
#   tools/format.sh --self-test  exit 0 if a badly laid out file is refused
set -eu
cd "$(dirname "$0")/.."

# Another version lays out some lines in another way.
format=clang-format-14
command -v "$format" >/dev/null 2>&1 || {
  echo "format: error: $format is missing: run 'make deps'" >&2
  exit 1
}

files() {
  find messages actors main test cmake \
    -name node_modules -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print
}

case ${1:-} in
  --check) files | xargs "$format" --dry-run --Werror ;;
  --self-test)
    bad='int  main( ){return 0 ;}'
    if printf '%s\n' "$bad" \
      | "$format" --assume-filename=main/bad.cpp --dry-run --Werror \
        >/dev/null 2>&1; then
      echo "format: error: a badly laid out file was accepted" >&2
      exit 1
    fi
    ;;
  '') files | xargs "$format" -i ;;
  *)
    echo "format: error: unknown argument '$1'" >&2
    exit 2
    ;;
esac
