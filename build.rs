//! Build script: turns `static/` into the table of embedded assets, and asks the linker for small
//! relocations.
//!
//! Every file of the page is compressed here, once, with gzip (level 9), so that a small board never
//! compresses it while it serves. The result is a sorted table in `OUT_DIR/assets.rs`, which
//! `src/http/assets.rs` includes.
//!
//! Rules: each representation has a strong entity tag of its own, a hash of exactly the bytes it
//! sends (RFC 9110 section 8.8.3.3), so a new compressor changes the tag as a new file does. The
//! table depends on nothing but the files (gzip's time stamp and system byte are fixed), so two
//! builds of one tree are equal.
//!
//! Left out: names with a leading dot, minifying, and any other build step for the page.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest, Sha256};

#[path = "src/http/content_type.rs"]
mod content_type;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("static");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Cargo looks into a directory named here at every depth: new and removed files count too.
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/http/content_type.rs");
    if reads_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }

    let mut paths = Vec::new();
    walk(&root, "", &mut paths)?;
    paths.sort_unstable();
    if paths
        .binary_search_by(|path| path.as_str().cmp("index.html"))
        .is_err()
    {
        return Err("static/index.html is missing: the binary would have no page".into());
    }

    let mut table = format!("static ASSETS: [Asset; {}] = [\n", paths.len());
    for (number, path) in paths.iter().enumerate() {
        let identity = fs::read(root.join(path))?;
        writeln!(table, "    Asset {{")?;
        writeln!(table, "        path: {path:?},")?;
        writeln!(table, "        content_type: {:?},", content_type::of(path))?;
        writeln!(table, "        etag: {:?},", etag(&identity, ""))?;
        writeln!(table, "        length: {},", identity.len())?;
        let coded = gzip(&identity)?;
        let name = format!("asset-{number}.gz");
        fs::write(out.join(&name), &coded)?;
        writeln!(table, "        gzip_etag: {:?},", etag(&coded, "-gz"))?;
        let source = format!("concat!(env!(\"OUT_DIR\"), {:?})", format!("/{name}"));
        writeln!(table, "        gzip: include_bytes!({source}),")?;
        writeln!(table, "        plain: OnceLock::new(),")?;
        writeln!(table, "    }},")?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Collects the files under `dir` as paths relative to `static/`, with `/` on every system.
fn walk(dir: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or("a name in static/ is not UTF-8")?;
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// 96 bits of SHA-256 over the bytes as they are sent.
fn etag(bytes: &[u8], suffix: &str) -> String {
    let mut tag = String::new();
    for byte in Sha256::digest(bytes).iter().take(12) {
        let _ = write!(tag, "{byte:02x}");
    }
    format!("\"{tag}{suffix}\"")
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    // 255 is "unknown system" (RFC 1952 section 2.3.1): the same bytes wherever it is built.
    let mut encoder = flate2::GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Whether the program may have its relative relocations packed (`DT_RELR`), a fortieth of its size.
///
/// The C library that starts it must know them, as glibc does since 2.36. A program for glibc is for
/// the version it was built with and later ones; so this machine's is asked, if it is for machines
/// like this one. Another linker than ours may not know the option: then it warns and leaves it.
fn reads_packed_relocations() -> bool {
    let variable = |name| env::var(name).unwrap_or_default();
    if variable("HOST") != variable("TARGET") || variable("CARGO_CFG_TARGET_ENV") != "gnu" {
        return false;
    }
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = told.map(|told| told.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&told);
    let version = version.trim().strip_prefix("glibc ");
    let parts = version.and_then(|version| version.split_once('.'));
    parts.is_some_and(|(major, minor)| {
        let minor = minor.split('.').next().unwrap_or_default().parse();
        major == "2" && minor.is_ok_and(|minor: u32| minor >= 36)
    })
}
