#!/bin/sh
# Installs the program: takes the file for this machine from a release, compares its checksum, runs it once, and puts it in place.
#
#     curl -fsSL RELEASE/install.sh | sh
#     sh install.sh [--from URL|FOLDER] [--to FOLDER]
#
# Nothing is in place unless everything went well; a file that was there before is replaced at once.
set -eu

# Where the release is, when nobody says; written by scripts/release.ts.
RELEASE=""

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'END'
Usage: install.sh [--from URL|FOLDER] [--to FOLDER]

  --from URL|FOLDER  the release: a folder with SHA256SUMS and the programs
                     (default: where this script came from; WIPPY_RELEASE)
  --to FOLDER        where the program goes
                     (default: ~/.local/bin; WIPPY_INSTALL_DIR)
END
}

# The name of the file for this machine.
file_name() {
  system=$(uname -s)
  processor=$(uname -m)
  case $system in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) fail "there is no program for $system that this script could install; on Windows take wippy-windows-x64.exe" ;;
  esac
  case $processor in
    x86_64 | amd64) processor=x64 ;;
    aarch64 | arm64) processor=arm64 ;;
    *) fail "there is no program for processors of the kind $processor" ;;
  esac
  # A translated shell of macOS says x86_64 on a machine that is not.
  if [ "$system" = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then
    processor=arm64
  fi
  libc=""
  if [ "$system" = linux ] && ldd --version 2>&1 | grep -qi musl; then libc=-musl; fi
  printf 'wippy-%s-%s%s' "$system" "$processor" "$libc"
}

# take FILE PATH: a file of the release.
take() {
  case $release in
    http://* | https://*)
      if command -v curl >/dev/null 2>&1; then
        curl -fsSL "$release/$1" -o "$2" && return
      elif command -v wget >/dev/null 2>&1; then
        wget -q "$release/$1" -O "$2" && return
      else
        fail "neither curl nor wget is there; install one of them"
      fi
      ;;
    *) cp "$release/$1" "$2" 2>/dev/null && return ;;
  esac
  fail "can't take $1 from $release"
}

checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256 "$1" | cut -d ' ' -f 1
  elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else fail "no sha256sum, shasum or openssl is there to compare the checksum; install one of them"
  fi
}

# Everything is read before anything is done: a script that is cut short does nothing.
main() {
  release=${WIPPY_RELEASE:-$RELEASE}
  to=${WIPPY_INSTALL_DIR:-}
  while [ $# -gt 0 ]; do
    case $1 in
      --from | --to)
        [ $# -ge 2 ] || fail "$1 needs a value" 2
        if [ "$1" = --from ]; then release=$2; else to=$2; fi
        shift 2
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        usage >&2
        fail "unknown argument $1" 2
        ;;
    esac
  done
  if [ -z "$to" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set; say where to install with --to FOLDER" 2
    to=$HOME/.local/bin
  fi
  # Run from a file, it takes what lies beside it.
  if [ -z "$release" ] && [ -f "$0" ] && [ -f "$(dirname "$0")/SHA256SUMS" ]; then release=$(dirname "$0"); fi
  [ -n "$release" ] || fail "say where the release is with --from URL|FOLDER" 2
  release=${release%/}

  file=$(file_name)
  mkdir -p "$to" 2>/dev/null || fail "can't make the folder $to; choose another with --to FOLDER"
  # Beside its place, so that it can be moved there at once.
  work=$(mktemp -d "$to/.wippy-install-XXXXXX" 2>/dev/null) ||
    fail "can't write to $to; choose another folder with --to FOLDER"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  take SHA256SUMS "$work/SHA256SUMS"
  wanted=$(awk -v file="$file" '$2 == file || $2 == "*" file { print $1 }' "$work/SHA256SUMS")
  [ -n "$wanted" ] || fail "the release $release has no $file"
  take "$file" "$work/wippy"
  found=$(checksum "$work/wippy")
  [ "$found" = "$wanted" ] ||
    fail "$file is not what SHA256SUMS says: $found instead of $wanted; nothing was installed"
  chmod 755 "$work/wippy"
  version=$("$work/wippy" version 2>&1) ||
    fail "the program does not run on this machine: ${version:-it ended with status $?}"
  mv -f "$work/wippy" "$to/wippy"

  printf '%s\ninstalled: %s\n' "$version" "$to/wippy"
  case :$PATH: in
    *":$to:"*)
      used=$(command -v wippy || true)
      [ "$used" = "$to/wippy" ] || printf 'before it on your PATH: %s\n' "$used"
      ;;
    *) printf 'not on your PATH yet; add to the file that your shell reads at its start:\n\n  export PATH="%s:$PATH"\n' "$to" ;;
  esac
  printf '\nNext, in an empty folder:\n\n  wippy init\n  wippy run\n'
}

main "$@"
