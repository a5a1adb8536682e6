# Shared by scripts/arm and scripts/cross-check: what must be installed to compile for ARM processors, and
# what to emulate them, and whence the standard library comes. To be sourced after lib.sh.
# shellcheck shell=bash

has_emulation_tools() {
  local tool PATH="$PATH:/usr/sbin:/sbin"
  for tool in curl flock ip nsenter qemu-aarch64-static qemu-arm-static readelf unshare; do
    command -v "$tool" || return
  done
}

# What the tests need: they are in namespaces, since one of them is on a network, with a name.
emulation_packages() {
  tests/network/private true
  debian_package "binutils curl iproute2 qemu-user-static util-linux" has_emulation_tools
  npm_packages tests/conformance
}

# What compiles: has Zig's tools on the path and their caches in ours.
zig_packages() {
  need rustc "install Rust 1.88 or newer with rustup"
  python_packages tests/arm/requirements.txt "$PARLOR_CACHE/arm-python"
  export PATH="$PARLOR_CACHE/arm-python/bin:$PATH" CARGO_ZIGBUILD_CACHE_DIR="$PARLOR_CACHE/arm-zigbuild"
  export ZIG_GLOBAL_CACHE_DIR="$PARLOR_CACHE/arm-zig" ZIG_LOCAL_CACHE_DIR="$PARLOR_CACHE/arm-zig"
}

has_std() {
  compgen -G "$(rustc --print target-libdir --target "$1")/libstd-*.rlib" >/dev/null
}

# std_for TARGET: has rustup bring the target's standard library. Fails where it has to be built from its
# source; without that, too, nothing can be done.
std_for() {
  if has_std "$1"; then
    return
  fi
  if command -v rustup >/dev/null && rustup --quiet target add "$1" >"$PARLOR_CACHE/rustup.log" 2>&1; then
    has_std "$1" && return
  fi
  local source
  source="$(rustc --print sysroot)/lib/rustlib/src/rust/library/std/Cargo.toml"
  [ -f "$source" ] || fail "there is no standard library for $1: \`rustup target add $1\`, or \
\`rustup component add rust-src\` to have it built here"
  return 1
}
