#!/bin/sh
# Tests what is made to be installed, of a release build that is there.
#
#   test/packages/run.sh install BUILD_FOLDER   cmake --install, into a folder
#   test/packages/run.sh deb BUILD_FOLDER       the Debian package, unpacked
set -eu
cd "$(dirname "$0")/../.."

fail() {
  printf '%s\n' "packages: error: $*" >&2
  exit 1
}

[ $# -eq 2 ] || fail "usage: test/packages/run.sh install|deb BUILD_FOLDER"
[ -f "$2/CPackConfig.cmake" ] || fail "$2 is no build folder: run 'make build'"
build=$(cd "$2" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$(sed -n 's/^project(container-agent VERSION \([0-9.]*\).*/\1/p' \
  CMakeLists.txt)
[ -n "$version" ] || fail "CMakeLists.txt does not tell the version"

# What both have, below the prefix.
expected_files() {
  cat <<END
bin/container-agent
share/bash-completion/completions/container-agent
share/doc/container-agent/CHANGELOG.md
share/doc/container-agent/CONTRIBUTING.md
share/doc/container-agent/README.md
share/doc/container-agent/SECURITY.md
share/fish/vendor_completions.d/container-agent.fish
share/zsh/vendor-completions/_container-agent
END
  find docs -type f \( -name '*.md' -o -name '*.png' \) \
    | sed 's,^,share/doc/container-agent/,'
}

# files_are ROOT PREFIX [MORE]...: nothing else is below ROOT.
files_are() {
  root=$1 prefix=$2
  shift 2
  { expected_files; printf '%s\n' "$@"; } | sed "s,^,./$prefix/," | sort \
    >"$scratch/expected"
  (cd "$root" && find . ! -type d | sort) >"$scratch/found"
  diff -u "$scratch/expected" "$scratch/found" \
    || fail "other files than expected (see above)"
}

program_works() {
  told=$("$1" --version | head -n 1)
  [ "$told" = "container-agent $version" ] \
    || fail "$1 --version says '$told', not 'container-agent $version'"
  [ -z "$(nm "$1" 2>/dev/null)" ] || fail "$1 is not stripped"
}

same() {
  cmp "$1" "$2" || fail "$2 is not what it should be (see above)"
}

field_is() {
  found=$(dpkg-deb -f "$package" "$1")
  [ "$found" = "$2" ] || fail "field $1 is '$found', not '$2'"
}

test_install() {
  root=$scratch/root
  DESTDIR=$root cmake --install "$build" --strip --prefix /usr/local \
    >"$scratch/log" || fail "cmake --install failed: $(cat "$scratch/log")"
  files_are "$root" usr/local share/man/man1/container-agent.1 \
    share/doc/container-agent/LICENSE
  program_works "$root/usr/local/bin/container-agent"
}

test_deb() {
  for tool in dpkg-shlibdeps lintian; do
    command -v $tool >/dev/null || fail "$tool is missing: run 'make deps'"
  done
  cpack --config "$build/CPackConfig.cmake" -B "$scratch/package" \
    >"$scratch/log" 2>&1 || fail "cpack failed: $(cat "$scratch/log")"
  architecture=$(dpkg --print-architecture)
  package=$scratch/package/container-agent_${version}_$architecture.deb
  [ -f "$package" ] || fail "there is no $package"

  field_is Package container-agent
  field_is Version "$version"
  field_is Architecture "$architecture"
  field_is Section utils
  [ -n "$(dpkg-deb -f "$package" Maintainer)" ] || fail "no maintainer"
  [ "$(dpkg-deb -f "$package" Description | wc -l)" -gt 2 ] \
    || fail "no description"
  depends=$(dpkg-deb -f "$package" Depends)
  for library in libc6 libstdc++6 libcaf-core0.17; do
    case ", $depends" in
      *", $library ("*) ;;
      *) fail "it does not depend on $library but on $depends" ;;
    esac
  done
  case $depends in *-dev*) fail "it depends on $depends" ;; esac

  root=$scratch/root
  dpkg-deb -x "$package" "$root"
  files_are "$root" usr share/man/man1/container-agent.1.gz \
    share/doc/container-agent/copyright share/doc/container-agent/changelog.gz
  program_works "$root/usr/bin/container-agent"
  doc=$root/usr/share/doc/container-agent
  same LICENSE "$doc/copyright"
  gunzip "$root/usr/share/man/man1/container-agent.1.gz"
  same "$build/manual/container-agent.1" \
    "$root/usr/share/man/man1/container-agent.1"
  [ "$(zcat "$doc/changelog.gz" | dpkg-parsechangelog -l- -S Version)" \
    = "$version" ] || fail "the changelog tells another version"

  # Root's rights are no matter for a package that is only read.
  lintian --allow-root --fail-on error "$package" \
    || fail "lintian found errors (see above)"
}

case $1 in
  install) test_install ;;
  deb) test_deb ;;
  *) fail "unknown test '$1' (install, deb)" ;;
esac
