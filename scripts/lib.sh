# Shared by the scripts beside it: headings, times, caches and what must be installed.
#
# To be sourced by bash, after `set -euo pipefail`. It changes to the package's root.
# Caches lie outside the checkout, in $XDG_CACHE_HOME/parlor; all of them may be empty or gone.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

PARLOR_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/parlor"
mkdir -p "$PARLOR_CACHE"

# A name for what runs now, so that an exit can say where it was (read by scripts/test).
export part="starting"

heading() {
  part="$1"
  printf '\n=== %s (at %s s)\n' "$1" "$SECONDS"
}

# An error that the reader can act on: what is wrong, and the command that repairs it.
fail() {
  printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}

# need COMMAND HINT: fails with the hint when the command is not there.
need() {
  command -v "$1" >/dev/null || fail "$1 is not installed: $2"
}

target_directory() {
  printf '%s' "${CARGO_TARGET_DIR:-target}"
}

# The release binary, with its whole path.
release_binary() {
  local directory
  directory="$(target_directory)"
  case "$directory" in
    /*) printf '%s/release/parlor' "$directory" ;;
    *) printf '%s/%s/release/parlor' "$PWD" "$directory" ;;
  esac
}

# npm_packages DIRECTORY: the packages of its lock file, installed unless they are already.
npm_packages() {
  need node "install Node.js 20 or newer (Debian 13: apt-get install nodejs npm)"
  need npm "install npm (Debian 13: apt-get install npm)"
  local major
  major="$(node -p 'process.versions.node.split(".")[0]')"
  [ "$major" -ge 20 ] || fail "node is version $major: install Node.js 20 or newer"
  local lock="$1/package-lock.json" stamp="$1/node_modules/.installed-lock.json"
  if cmp -s "$lock" "$stamp"; then
    return
  fi
  echo "npm ci in $1"
  npm ci --prefix "$1" --cache "$PARLOR_CACHE/npm" --no-fund --no-audit --loglevel=error ||
    fail "the npm packages of $1 could not be installed: try \`npm ci --prefix $1\`"
  cp "$lock" "$stamp"
}

# debian_package COMMAND PACKAGE: installs it where apt can, else says how.
debian_package() {
  if command -v "$1" >/dev/null; then
    return
  fi
  command -v apt-get >/dev/null ||
    fail "$1 is not installed, and there is no apt-get: install $2 by hand"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "$1 is not installed: as root, apt-get install -y --no-install-recommends $2"
    as_root=(sudo)
  fi
  echo "apt-get install $2"
  local log="$PARLOR_CACHE/apt-get.log"
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "$2"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "$2 could not be installed: try apt-get install -y --no-install-recommends $2"
  fi
  command -v "$1" >/dev/null || fail "$2 is installed, but there is no command $1"
}

# node_tests DIRECTORY [FILE...]: `npm test` there, failures in full, its totals at the end.
node_tests() {
  local directory="$1"
  shift
  # The spec reporter marks its totals with a symbol; plain `# pass 12` is what is read elsewhere.
  (cd "$directory" && npm test --silent -- --test-reporter=spec "$@") | sed 's/^ℹ /# /'
}
