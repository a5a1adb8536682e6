// The processors that Parlor is built for, and what a binary may take on each.
//
// `cpu` is the oldest that the target is for, by qemu's name; what is missing there (Thumb-2, NEON and
// barriers on ARMv6, atomics of ARMv8.1 on the third) ends a program that uses it with SIGILL. `older` is
// one that cannot run the binary: a test sees it end there, so the choice of a processor means something.
// `attributes` are those of the file (readelf -A) that a 32-bit loader goes by.
//
// Budgets are in bytes: of the file, of what is resident when it is ready, and after it has served its page.
// Wanted are 2.3 MB of size, and 3 MB resident, which holds only until the first page is served. The size is
// not reached: ARMv6 has no Thumb-2, so its code takes 4 bytes an instruction, and the tables by which a panic
// ends one connection, and not the server, take 170 KB there and 500 KB on 64 bits. So a budget is what it
// has come to with the standard library that rustup brings, and a little. One that is built with the binary
// takes some 220 KB less: 90 because it is built for size, too, and 130 because it prints no backtraces.

const MB = 1e6;

export const PROCESSORS = {
  'arm-unknown-linux-musleabihf': {
    boards: 'Pi 1, Zero, Zero W (ARMv6)',
    emulator: 'qemu-arm-static',
    cpu: 'arm1176',
    older: 'arm926',
    machine: 'ARM',
    attributes: { Tag_CPU_arch: 'v6', Tag_FP_arch: 'VFPv2', Tag_ABI_VFP_args: 'VFP registers' },
    budget: { size: 3.05 * MB, ready: 3 * MB, served: 3.2 * MB },
  },
  'armv7-unknown-linux-musleabihf': {
    boards: 'Pi 2, 3, 4, 32-bit (ARMv7)',
    emulator: 'qemu-arm-static',
    cpu: 'cortex-a7',
    older: 'arm1176',
    machine: 'ARM',
    attributes: { Tag_CPU_arch: 'v7', Tag_FP_arch: 'VFPv3-D16', Tag_ABI_VFP_args: 'VFP registers' },
    budget: { size: 3 * MB, ready: 3 * MB, served: 3.2 * MB },
  },
  'aarch64-unknown-linux-musl': {
    boards: 'Pi 3, 4, 5, Zero 2 W, 64-bit',
    emulator: 'qemu-aarch64-static',
    cpu: 'cortex-a53',
    machine: 'AArch64',
    attributes: {},
    budget: { size: 3.25 * MB, ready: 3.1 * MB, served: 3.3 * MB },
  },
};
