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

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# apt_install PACKAGE...: without starting the services that some of them bring: policy-rc.d is what
# their scripts ask before they do (invoke-rc.d(8)). One that is there already is left as it is.
apt_install() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root apt-get update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
)

# debian_package PACKAGES CHECK...: installs it where apt can, else says how, unless CHECK succeeds.
# Several packages that are needed together stand in one word, with spaces between them.
debian_package() {
  local packages
  read -ra packages <<<"$1"
  shift
  if "$@" >/dev/null 2>&1; then
    return
  fi
  local by_hand="apt-get install -y --no-install-recommends ${packages[*]}"
  command -v apt-get >/dev/null ||
    fail "${packages[*]} cannot be installed without apt-get: do it by hand"
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || fail "as root: $by_hand"
  echo "apt-get install ${packages[*]}"
  local log="$PARLOR_CACHE/apt-get.log"
  if ! apt_install "${packages[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "${packages[*]} could not be installed: try $by_hand"
  fi
  "$@" >/dev/null 2>&1 || fail "installed: ${packages[*]}, but this still fails: $*"
}

# python_packages REQUIREMENTS DIRECTORY: an environment in DIRECTORY with what the file names.
python_packages() {
  debian_package python3 command -v python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is $(python3 --version): install Python 3.11 or newer"
  debian_package python3-venv python3 -c 'import ensurepip'
  local wanted stamp="$2/.installed.txt"
  wanted="$(python3 -c 'import sys; print(sys.prefix, sys.version)' && cat "$1")"
  if [ -f "$stamp" ] && [ "$wanted" = "$(cat "$stamp")" ]; then
    return
  fi
  echo "pip install in $2"
  if ! { python3 -m venv --clear "$2" &&
    "$2/bin/python" -m pip install --quiet --disable-pip-version-check \
      --cache-dir "$PARLOR_CACHE/pip" --require-hashes --only-binary :all: -r "$1"; }; then
    fail "the Python packages of $1 could not be installed: try \`pip install -r $1\`"
  fi
  printf '%s\n' "$wanted" >"$stamp"
}

# node_tests DIRECTORY [FILE...]: `npm test` there, failures in full, its totals at the end.
node_tests() {
  local directory="$1"
  shift
  # The spec reporter marks its totals with a symbol; plain `# pass 12` is what is read elsewhere.
  (cd "$directory" && npm test --silent -- --test-reporter=spec "$@") | sed 's/^ℹ /# /'
}

# debian_root SUITE: has PARLOR_ROOT name the root directory of a small Debian with systemd, which is made
# the first time, in a minute, from where this machine's own packages come. Nobody writes to it. Its lock is
# shared by all who use it, until they end, and keeps off who would make it anew. Each suite has its own, so
# that a script which uses one may wait for another that makes one of a different suite.
debian_root() {
  debian_package debootstrap command -v debootstrap
  export PARLOR_ROOT="$PARLOR_CACHE/debian-$1"
  need flock "install util-linux (Debian: apt-get install util-linux)"
  exec 7>"$PARLOR_ROOT.lock"
  flock --shared 7
  if is_debian_root "$PARLOR_ROOT"; then
    return
  fi
  # This lets go of the other lock first, so somebody may have made it meanwhile.
  flock 7
  if ! is_debian_root "$PARLOR_ROOT"; then
    make_debian_root "$1"
  fi
  flock --shared 7
}

DEBIAN_ROOT_HAS=curl,dbus,iproute2,procps,systemd,systemd-sysv

is_debian_root() {
  [ "$(cat "$1/.made-of" 2>/dev/null)" = "$DEBIAN_ROOT_HAS" ]
}

# remove_root DIRECTORY: but not what is mounted in it. A debootstrap that was stopped leaves mounts.
remove_root() {
  as_root rm -rf --one-file-system "$1" || fail "something is mounted in $1: unmount it (findmnt)"
}

# make_debian_root SUITE: beside its place, where it is put when it is complete.
make_debian_root() {
  local mirror log="$PARLOR_ROOT.log" new="$PARLOR_ROOT.part"
  # shellcheck disable=SC2016 # it is apt that puts something there
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)"
  [ -n "$mirror" ] || fail "apt has no source of packages: try apt-get update"
  remove_root "$new"
  if ! as_root debootstrap --variant=minbase --include="$DEBIAN_ROOT_HAS" "$1" "$new" "$mirror" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "debootstrap could not make $new; its log is $log"
  fi
  # What apt would only fetch again.
  as_root find "$new/var/cache/apt/archives" "$new/var/lib/apt/lists" -type f -delete
  printf '%s\n' "$DEBIAN_ROOT_HAS" | as_root tee "$new/.made-of" >/dev/null
  remove_root "$PARLOR_ROOT"
  as_root mv "$new" "$PARLOR_ROOT"
}
