//! The rules about files: that each says what it is, is short, and names no machine or registry.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rules::Finding;
use crate::source::Source;

/// Folders that are not ours, or not tracked.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "screenshots"];
/// Endings of what is ours to write; anything else (pictures, for one) is not looked at.
const TEXTS: &[&str] = &[
    "rs",
    "js",
    "mjs",
    "css",
    "html",
    "sh",
    "md",
    "toml",
    "py",
    "json",
    "service",
    "socket",
    "env",
    "txt",
    "yml",
    "yaml",
    "npmrc",
    "svg",
    "webmanifest",
];
const MAX_LINES: usize = 400;
/// How far down a header may say why its file is long.
const HEADER_LINES: usize = 60;

/// A file of the package: its path from the root, with slashes, and its text.
pub(crate) struct File {
    path: String,
    text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What follows the last point of the name; nothing for scripts without one.
    fn ending(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, ending)| ending)
    }

    fn is_lock(&self) -> bool {
        matches!(self.name(), "Cargo.lock" | "package-lock.json")
    }

    fn finding(&self, line: usize, what: &str) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            what: what.to_owned(),
        }
    }

    /// The marks that open this kind of file's header, or `None` for what needs none.
    fn header_marks(&self) -> Option<&'static [&'static str]> {
        match self.ending() {
            "rs" => Some(&["//!"]),
            "js" | "mjs" => Some(&["//", "/*"]),
            "css" => Some(&["/*"]),
            "py" => Some(&["\"\"\""]),
            "sh" | "service" | "socket" | "env" => Some(&["#"]),
            "" if self.text.starts_with("#!") => Some(&["#"]),
            _ => None,
        }
    }
}

/// All files of a package that are ours.
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<File>,
}

impl Tree {
    pub(crate) fn of_this_package() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        assert!(files.len() > 5, "the package's files were found");
        Self { root, files }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn rust_sources(&self) -> impl Iterator<Item = Source> {
        self.files
            .iter()
            .filter(|file| file.ending() == "rs")
            .map(|file| Source::new(&file.path, &file.text))
    }

    pub(crate) fn library_sources(&self) -> impl Iterator<Item = Source> {
        self.rust_sources()
            .filter(|source| source.path.starts_with("src/"))
    }

    /// The crates that the code may name: `[dependencies]` of Cargo.toml, `-` as `_`.
    pub(crate) fn dependencies(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut inside = false;
        for line in self.read("Cargo.toml").lines() {
            if line.starts_with('[') {
                inside = line.ends_with("dependencies]");
            } else if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
                let name = name.trim().trim_end_matches(".workspace");
                if !name.starts_with('#') {
                    names.push(name.replace('-', "_"));
                }
            }
        }
        names
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_symlink() || SKIPPED.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let relative = path.strip_prefix(root).unwrap().to_string_lossy();
        let relative = relative.replace(std::path::MAIN_SEPARATOR, "/");
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if !ending.is_empty() && !TEXTS.contains(&ending) {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&path) {
            files.push(File {
                path: relative,
                text,
            });
        }
    }
}

/// Every source file opens with a comment that says what it is (after `#!`, if it has that).
pub(crate) fn header(file: &File, findings: &mut Vec<Finding>) {
    let Some(marks) = file.header_marks() else {
        return;
    };
    let opening = file.text.lines().find(|line| !line.starts_with("#!/"));
    let opening = opening.unwrap_or_default();
    let says_something = marks.iter().any(|mark| {
        opening.strip_prefix(mark).is_some_and(|words| {
            words.chars().any(char::is_alphabetic) || (*mark == "/*" && file.text.contains("*/"))
        })
    });
    if !says_something {
        findings.push(file.finding(1, "no header that says what the file is"));
    }
}

/// No source file is longer than 400 lines, unless its header says why.
pub(crate) fn length(file: &File, findings: &mut Vec<Finding>) {
    let lines = file.text.lines().count();
    let reason = "Longer than 400 lines because ";
    let mut header = file.text.lines().take(HEADER_LINES);
    if file.header_marks().is_none() || lines <= MAX_LINES || header.any(|l| l.contains(reason)) {
        return;
    }
    let what = format!("{lines} lines, and no line `{reason}...` in its header");
    findings.push(file.finding(1, &what));
}

/// Parts of texts that show where a file was written or where packages were fetched from. They
/// are put together here, so that this file does not find itself.
fn forbidden() -> Vec<(String, &'static str)> {
    let path = |parts: &[&str]| parts.join("/");
    let host = |parts: &[&str]| parts.join(".");
    let machine = "a path of one machine";
    let registry = "the host of a package registry";
    vec![
        (path(&["", "root", ""]), machine),
        (path(&["", "work", ""]), machine),
        (path(&["", "tmp", "wt-"]), machine),
        (path(&["..", "shared"]), "a folder outside the package"),
        (host(&["registry", "npmjs", "org"]), registry),
        (host(&["index", "crates", "io"]), registry),
        (host(&["static", "crates", "io"]), registry),
        (host(&["pypi", "org"]), registry),
        (host(&["deb", "debian", "org"]), registry),
    ]
}

/// No machine's paths and no registry's hosts, but in lock files; `.ci` may look beside itself.
pub(crate) fn words(file: &File, findings: &mut Vec<Finding>) {
    if file.is_lock() || file.path.starts_with(".ci/") {
        return;
    }
    for (number, line) in file.text.lines().enumerate() {
        for (word, what) in forbidden() {
            let stands_alone = line.match_indices(&word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !word.starts_with('/')
                    || before.is_none_or(|c| !c.is_alphanumeric() && !"._-}/".contains(c))
            });
            if stands_alone {
                findings.push(file.finding(number + 1, &format!("{what}: {word}")));
            }
        }
    }
}
