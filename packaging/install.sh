#!/bin/sh
# Installs Parlor from the folder that its tarball was unpacked to, for systems without Debian's
# packages: the program and what belongs to it below /usr/local, the units in /etc/systemd/system.
#
#   ./install.sh                   install, or bring up to date; start it where systemd runs
#   ./install.sh uninstall         remove it; settings, and the certificate that devices may trust, stay
#   ./install.sh uninstall --purge remove those too
#
#   --root DIR    install into a system that is mounted there; nothing is run or started
#   --arch ARCH   for a machine other than this one: armv6l, armv7l, aarch64 or x86_64
#
# A tarball has programs for one kind of processor or for several, in bin/ARCH. Which is right is what
# `uname -m` says, with one exception: a 64-bit kernel may have a 32-bit system on it (Raspberry Pi OS
# of 32 bits on a Pi 4 does), and then it is that system's program which is right. One for ARMv6 runs on
# ARMv7 as well, but not the other way round: there it would end with an illegal instruction. If the right
# one is not here, nothing is installed.
#
# Left out: other service managers. What is installed is a list in /usr/local/libexec/parlor/installed;
# this script lies beside it for uninstalling.
set -eu

die() {
  echo "install.sh: error: $1" >&2
  exit 1
}

usage() {
  sed -n '5,10s/^# \{0,1\}//p' "$0"
  exit "$1"
}

here="$(cd "$(dirname "$0")" && pwd)"
root=''
arch=''
action=install
purge=no
while [ $# -gt 0 ]; do
  case "$1" in
    install | uninstall) action="$1" ;;
    --purge) purge=yes ;;
    --root | --arch)
      [ $# -ge 2 ] || die "$1 needs a value"
      if [ "$1" = --root ]; then root="${2%/}"; else arch="$2"; fi
      shift
      ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
  esac
  shift
done
[ -z "$root" ] || [ -d "$root" ] || die "there is no directory $root"

ENV=/etc/parlor/parlor.env
LIBEXEC=/usr/local/libexec/parlor
UNITS=/etc/systemd/system
LIST="$LIBEXEC/installed"
# It is there when units have been enabled: from then on it is the administrator who decides about them.
# An installation that failed before has not come so far.
DECIDED="$LIBEXEC/enabled"

# How wide the system's own programs are, whatever the kernel is.
system_bits() {
  if getconf LONG_BIT 2>/dev/null; then
    return
  fi
  # The fifth byte of an ELF file is its class (elf(5)).
  case "$(od -An -tx1 -j4 -N1 /bin/sh | tr -d ' ')" in
    01) echo 32 ;;
    02) echo 64 ;;
    *) die "cannot tell whether this system is of 32 or 64 bits: name it with --arch" ;;
  esac
}

# What this machine is, in the words of `uname -m`.
machine() {
  kernel="$(uname -m)"
  case "$kernel" in
    armv6l | armv7l) echo "$kernel" ;;
    # A 64-bit processor as 32-bit programs see it.
    armv8l) echo armv7l ;;
    aarch64 | x86_64)
      bits="$(system_bits)"
      case "$kernel-$bits" in
        *-64) echo "$kernel" ;;
        aarch64-32) echo armv7l ;;
        *) die "there is no program for a $bits-bit system on $kernel" ;;
      esac
      ;;
    *) die "there is no program for this machine ($kernel): Parlor comes for armv6l, armv7l, aarch64 and x86_64" ;;
  esac
}

# The program for a machine; ARMv7 runs what is made for ARMv6.
program_for() {
  case "$1" in
    armv7l) kinds='armv7l armv6l' ;;
    armv6l | aarch64 | x86_64) kinds="$1" ;;
    *) die "there is no program for $1: Parlor comes for armv6l, armv7l, aarch64 and x86_64" ;;
  esac
  for kind in $kinds; do
    if [ -f "$here/bin/$kind/parlor" ]; then
      echo "$here/bin/$kind/parlor"
      return
    fi
  done
  # shellcheck disable=SC2012 # names of our own
  die "this machine is $1, and this tarball is for $(ls "$here/bin" | tr '\n' ' ' | sed 's/ $//'): take the one for $1"
}

# put FILE PLACE MODE: renamed into place, so that a program that runs goes on with its own file.
put() {
  mkdir -p "$root$(dirname "$2")"
  cp "$1" "$root$2.new"
  chmod "$3" "$root$2.new"
  mv "$root$2.new" "$root$2"
  echo "$2" >>"$root$LIST.new"
}

# Where systemd can be told something: it is installed and, without --root, running.
has_systemd() {
  command -v systemctl >/dev/null && { [ -n "$root" ] || [ -d /run/systemd/system ]; }
}

# Enabling works on files; so it does in another root as well.
enable_units() {
  if [ -n "$root" ]; then
    systemctl --root="$root" enable --quiet "$@"
  else
    systemctl enable --quiet "$@"
  fi
}

# disable_units UNIT...: and stopped where systemd runs.
disable_units() {
  if [ -n "$root" ]; then
    systemctl --root="$root" disable --quiet "$@" || true
  else
    systemctl disable --now --quiet "$@" || true
  fi
}

# What the version that was here had and this one has not.
remove_outdated() {
  [ -e "$root$LIST" ] || return 0
  grep -vxFf "$root$LIST.new" "$root$LIST" | while read -r file; do
    case "$file" in
      "$UNITS"/*.service | "$UNITS"/*.socket)
        if has_systemd; then
          disable_units "$(basename "$file")" </dev/null
        fi
        ;;
    esac
    rm -f "$root$file"
  done
}

install_files() {
  mkdir -p "$root$LIBEXEC"
  : >"$root$LIST.new"
  put "$1" /usr/local/bin/parlor 755
  (cd "$here/share" && find . -type f) | sed 's/^\.//' | while read -r file; do
    put "$here/share$file" "/usr/local/share$file" 644
  done
  put "$here/web-ports-free" "$LIBEXEC/web-ports-free" 755
  put "$here/install.sh" "$LIBEXEC/install.sh" 755
  for unit in "$here"/systemd/*.service "$here"/systemd/*.socket; do
    put "$unit" "$UNITS/$(basename "$unit")" 644
  done
  put "$here/systemd/client.conf" "$UNITS/parlor.service.d/client.conf" 644
  # Settings are the administrator's: what is there is never written over, nor removed with the rest.
  if [ ! -e "$root$ENV" ]; then
    mkdir -p "$root$(dirname "$ENV")"
    cp "$here/systemd/parlor.env" "$root$ENV"
    chmod 644 "$root$ENV"
  fi
  remove_outdated
  mv "$root$LIST.new" "$root$LIST"
}

do_install() {
  if [ -e "$root/usr/bin/parlor" ]; then
    die "the package parlor is installed: apt upgrade it, or apt remove it first"
  fi
  [ -n "$arch" ] || arch="$(machine)"
  program="$(program_for "$arch")"
  if [ -z "$root" ]; then
    "$program" --version >/dev/null 2>&1 || die "$program does not run on this machine"
  fi
  install_files "$program"
  echo "Installed: /usr/local/bin/parlor, for $(basename "$(dirname "$program")")"
  if ! has_systemd; then
    echo "There is no systemd to start it. Have your system start /usr/local/bin/parlor as a user of its"
    echo "own, with a directory of that user in the variable PARLOR_STATE_DIR."
    return
  fi
  [ -n "$root" ] || systemctl daemon-reload
  if [ ! -e "$root$DECIDED" ]; then
    enable_units parlor.socket parlor.service
    # The ports 80 and 443 are for who asks first, and nobody can ask in a system that does not run.
    if [ -z "$root" ] && "$LIBEXEC/web-ports-free" >/dev/null; then
      enable_units parlor-web.socket
    else
      echo "Ports 80 and 443 are left alone. The unit parlor-web.socket says how to have them."
    fi
    : >"$root$DECIDED"
  fi
  [ -z "$root" ] || return 0
  # A server takes sockets over when it starts; under one that runs they cannot be opened. Those that are
  # open stay so while it is started anew.
  if ! systemctl is-active --quiet parlor.service; then
    for unit in parlor.socket parlor-web.socket; do
      if systemctl is-enabled --quiet "$unit"; then
        systemctl start "$unit"
      fi
    done
  fi
  if systemctl is-enabled --quiet parlor.service; then
    systemctl restart parlor.service
  fi
  echo "What to open, with a QR code for phones: parlor urls"
}

do_uninstall() {
  [ -e "$root$LIST" ] || die "Parlor was not installed by this script: there is no $root$LIST"
  if has_systemd; then
    disable_units parlor-web.socket parlor.socket parlor.service
  fi
  while read -r file; do
    rm -f "$root$file"
  done <"$root$LIST"
  rm -f "$root$LIST" "$root$DECIDED"
  # Folders that were only for this.
  for folder in "$UNITS/parlor.service.d" "$LIBEXEC" /usr/local/share/parlor/socket.io /usr/local/share/parlor /usr/local/share/doc/parlor; do
    rmdir "$root$folder" 2>/dev/null || true
  done
  if [ "$purge" = yes ]; then
    rm -rf "$root/etc/parlor" "$root/var/lib/parlor" "$root/var/lib/private/parlor"
  else
    echo "Kept: /etc/parlor and /var/lib/parlor (uninstall --purge removes them)"
  fi
  if [ -z "$root" ] && has_systemd; then
    systemctl daemon-reload
  fi
  echo "Uninstalled."
}

[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "it needs root: sudo $0"
"do_$action"
