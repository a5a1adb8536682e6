// Writes the copyright file of the packages, in Debian's machine-readable form (DEP-5), on standard
// output.
//
//     node copyright.mjs CLIENT TARGET...
//
// The program is linked statically, so whoever gets it gets parts of all crates it is built from, and
// of the C library. Which crates those are for any of the TARGETs is asked of `cargo metadata`, so the
// list cannot fall behind Cargo.lock: what runs only while compiling (build scripts, macros, tests) is
// not in the program and not in the list. What each is under is its own `license` field; whose it is
// are the lines `Copyright ...` of its licence files, else its `authors`. CLIENT is the folder
// socket.io-client of npm, whose files are shipped as they are.
//
// The text of a licence is taken from a crate that has it, and is written once. Where a crate is under
// several licences at once (`AND`), all its licence files are repeated whole. A licence without a text
// is an error. Left out: what somebody's machine-wide licence list could tell better.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const [client, ...targets] = process.argv.slice(2);
if (!client || targets.length === 0) throw new Error("usage: copyright.mjs CLIENT TARGET...");

const NAMES = { MIT: "Expat", "Apache-2.0": "Apache-2.0", Unlicense: "Unlicense" };
const APACHE =
  "On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0; elsewhere it is in\n" +
  "LICENSE-APACHE beside this file.";

/** The crates that are in a program for this target: what its normal dependencies lead to. */
function linked(target) {
  const options = ["metadata", "--locked", "--format-version", "1", "--filter-platform", target];
  const text = execFileSync("cargo", options, { encoding: "utf8", maxBuffer: 1 << 28 });
  const { packages, resolve } = JSON.parse(text);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const runsAtCompileTime = ({ targets }) => targets.some(({ kind }) => kind.includes("proc-macro"));
  const found = new Map();
  const open = [resolve.root];
  while (open.length > 0) {
    const id = open.pop();
    const one = byId.get(id);
    if (found.has(id) || runsAtCompileTime(one)) continue;
    found.set(id, one);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) open.push(pkg);
    }
  }
  found.delete(resolve.root);
  return { found, root: byId.get(resolve.root) };
}

/** The licence files of a folder, as [name, text], in the order of their names. */
function licenceFiles(folder) {
  const names = readdirSync(folder).filter((name) => /^(un)?licen[cs]e|^copying|^copyright|^notice/i.test(name));
  return names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}

/** Whose a folder's contents are, a line each. */
function holders(files, authors, name) {
  const lines = files.flatMap(([, text]) => text.split("\n"));
  const told = lines
    // Not the form in the appendix of Apache's licence, nor sentences that begin with the word.
    .filter((line) => /^\W{0,4}(Copyright\s*(\(c\)|©|[12]\d{3})|\(c\)\s*[12]\d{3})/i.test(line))
    .map((line) => line.replace(/^\W*(?=Copyright|\(c\))/i, "").replace(/^Copyright\s*/i, ""))
    .map((line) => line.replace(/^(\(c\)|©)\s*/i, "").replace(/\s*All rights reserved\.?/i, "").trim());
  const all = told.length > 0 ? told : authors;
  return all.length > 0 ? [...new Set(all)] : [`the authors of ${name}`];
}

/** An SPDX expression in DEP-5's words. Old crates write `/` for `OR`. */
function expression(spdx) {
  return spdx
    .replaceAll("/", " OR ")
    .split(/\s+/)
    .map((word) => ({ OR: "or", AND: "and", WITH: "with", "LLVM-exception": "LLVM exception" })[word] ?? NAMES[word] ?? word)
    .join(" ");
}

/** The single licences of an expression in DEP-5's words. */
function licences(words) {
  return words.split(/ or | and /).map((word) => word.replace(/[()]/g, ""));
}

/** Lines of a field that goes on: moved in, a point for an empty one. */
function folded(text) {
  const lines = text.trim().split("\n").map((line) => line.trimEnd().replaceAll("\t", "    "));
  return lines.map((line) => ` ${line === "" ? "." : line}\n`).join("");
}

function paragraph(files, owners, license, comment = "") {
  const owned = `Copyright: ${owners[0]}\n${owners.slice(1).map((line) => `           ${line}\n`).join("")}`;
  const [name, ...text] = license.split("\n");
  const body = text.length > 0 ? folded(text.join("\n")) : "";
  const remark = comment === "" ? "" : `Comment: ${comment}\n`;
  return `Files: ${files}\n${owned}License: ${name}\n${body}${remark}\n`;
}

/** A text with a pointer in the place of Apache's licence, which Debian has once for all packages. */
function pointed(text) {
  return text.replace(/[^\S\n]*Apache License\s+Version 2\.0[\s\S]*?limitations under the License\.\n/, `${APACHE}\n`);
}

/** A licence's text without the lines that name the holders. */
function general(text) {
  const lines = text.split("\n").filter((line) => !/copyright.*\d{4}|^copyright \(c\)|^\(c\) \d{4}|^\W*(the )?(mit|isc) licen[cs]e\W*(\((mit|isc)\))?\W*$/i.test(line));
  return lines.join("\n");
}

/** Where the text of a licence is found: a crate's file by this name, or the file of one under it alone. */
function textOf(licence, crates, own) {
  if (licence === "Expat") return general(own("LICENSE-MIT"));
  if (licence === "Apache-2.0") return APACHE;
  const file = { "Apache-2.0 with LLVM exception": "LICENSE-Apache-2.0_WITH_LLVM-exception", Unlicense: "UNLICENSE" };
  for (const { folder, license } of crates) {
    for (const [name, text] of licenceFiles(folder)) {
      if (name === file[licence]) {
        const exception = text.slice(text.indexOf("--- LLVM Exceptions"));
        return name === "UNLICENSE" ? text : `${APACHE}\n\n${exception}`;
      }
      const short = licence.split("-")[0];
      if (license === licence || name === `LICENSE-${licence}` || name === `LICENSE-${short}`) return general(text);
    }
  }
  throw new Error(`no crate has the text of the licence ${licence}`);
}

const merged = new Map();
let root;
for (const target of targets) {
  const asked = linked(target);
  ({ root } = asked);
  for (const [id, one] of asked.found) merged.set(id, one);
}
const crates = [...merged.values()]
  .map((one) => ({ ...one, folder: dirname(one.manifest_path) }))
  .sort((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1));
const here = dirname(root.manifest_path);
const own = (name) => readFileSync(join(here, name), "utf8");

const wanted = new Set(["Apache-2.0 with LLVM exception"]);
const license = (spdx) => {
  const words = expression(spdx);
  for (const licence of licences(words)) wanted.add(licence);
  return words;
};
const mine = holders([["LICENSE-MIT", own("LICENSE-MIT")]], [], root.name);

let out = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";
out += `Upstream-Name: ${root.name}\n`;
out += "Comment: The program is linked statically. Below \"linked\" stands what it has parts of, as the sources\n";
out += " of each are named in their registry; the folder is in no package.\n\n";
out += paragraph("*", mine, license(root.license));

const clientLicence = licenceFiles(client);
out += paragraph(
  "usr/share/parlor/socket.io/*",
  [
    ...holders(clientLicence, [], "socket.io-client"),
    ...holders(licenceFiles(join(client, "../@socket.io/component-emitter")), [], "component-emitter"),
    ...holders(licenceFiles(join(client, "../debug")), [], "debug"),
    ...holders(licenceFiles(join(client, "../ms")), [], "ms"),
    "Damien Arrachequesne (socket.io-msgpack-parser, notepack.io)",
  ],
  license("MIT"),
  `socket.io-client ${JSON.parse(readFileSync(join(client, "package.json"), "utf8")).version} as npm has it, with\n` +
    " engine.io-client, engine.io-parser, socket.io-parser, component-emitter, debug, ms and the parser for\n" +
    " msgpack inside.",
);
out += paragraph("linked/rust/*", ["The Rust Project Developers"], license("MIT OR Apache-2.0"), "the standard library of Rust");
out += paragraph("linked/llvm/*", ["The LLVM Project and its contributors"], "Apache-2.0 with LLVM exception", "compiler-rt and libunwind");
out += paragraph("linked/musl/*", ["2005-2025 Rich Felker and others"], license("MIT"), "musl, the C library");
for (const { name, version, folder, authors, license: spdx } of crates) {
  if (!spdx) throw new Error(`the crate ${name} names no licence`);
  const files = licenceFiles(folder);
  const several = / AND /.test(spdx);
  // The texts follow at once: they belong together.
  const text = several ? `${expression(spdx)}\n${files.map(([file, text]) => `${file}:\n\n${pointed(text).trim()}`).join("\n\n")}` : license(spdx);
  out += paragraph(`linked/${name}-${version}/*`, holders(files, authors, name), text);
}
for (const licence of [...wanted].sort()) {
  out += `License: ${licence}\n${folded(textOf(licence, crates, own))}\n`;
}
process.stdout.write(out.trimEnd() + "\n");
