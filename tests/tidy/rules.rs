//! The rules about Rust code: imports by module, and what the pure core must not do.

use std::fmt;

use crate::files::Tree;
use crate::lexer::tokens;
use crate::source::Source;

/// What one top-level module may do. `*` in a list allows everything.
pub(crate) struct Row {
    pub(crate) module: &'static str,
    /// Modules of this crate that it may import.
    pub(crate) crate_modules: &'static [&'static str],
    /// Crates that it may import, beside those that are allowed anywhere.
    pub(crate) outside: &'static [&'static str],
    /// `async` and `.await`.
    pub(crate) may_wait: bool,
    /// Locks, threads, files and sockets of the standard library.
    pub(crate) may_lock: bool,
    /// Clocks and random bytes.
    pub(crate) may_read_clock: bool,
}

/// A rule that was broken: where and how.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

fn finding(source: &Source, line: usize, what: String) -> Finding {
    Finding {
        path: source.path.clone(),
        line,
        what,
    }
}

fn row<'a>(source: &Source, table: &'a [Row]) -> Option<&'a Row> {
    table.iter().find(|row| row.module == source.module)
}

fn allows(list: &[&str], name: &str) -> bool {
    list.contains(&"*") || list.contains(&name)
}

/// Imports of this crate's modules and of other crates that the module's row does not have.
pub(crate) fn imports(
    source: &Source,
    table: &[Row],
    anywhere: &[&str],
    dependencies: &[String],
    findings: &mut Vec<Finding>,
) {
    let Some(row) = row(source, table) else {
        return;
    };
    for path in source.paths() {
        let token = &source.tokens[path.at];
        let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
        if let Some(module) = own_module(&names, source.depth + path.inner) {
            let known = table.iter().any(|row| row.module == module);
            if known && module != source.module && !allows(row.crate_modules, module) {
                findings.push(finding(
                    source,
                    token.line,
                    format!("`{}` may not import `{module}`", source.module),
                ));
            }
            continue;
        }
        let first = names[0];
        let outside = dependencies.iter().any(|name| name == first);
        let allowed = allows(anywhere, first) || allows(row.outside, first);
        if outside && !allowed && !source.tests[path.at] {
            findings.push(finding(
                source,
                token.line,
                format!("`{}` may not use the crate `{first}`", source.module),
            ));
        }
    }
}

/// The top-level module that a path of this crate leads to, if it leaves its own.
fn own_module<'a>(names: &[&'a str], depth: usize) -> Option<&'a str> {
    match names {
        ["crate" | "parlor", module, ..] => Some(module),
        ["super" | "self", ..] => {
            let ups = names
                .iter()
                .skip_while(|name| **name == "self")
                .take_while(|name| **name == "super")
                .count();
            let selves = usize::from(names[0] == "self");
            (ups >= depth.max(1)).then(|| names.get(selves + ups).copied())?
        }
        _ => None,
    }
}

/// Things of the standard library that wait, lock or touch the machine.
const MACHINE: &[(&str, &str)] = &[
    ("std", "thread"),
    ("std", "fs"),
    ("std", "process"),
    ("std", "env"),
];
const LOCKS: &[&str] = &["Mutex", "RwLock", "Condvar", "OnceLock", "LazyLock"];
const SOCKETS: &[&str] = &["TcpStream", "TcpListener", "UdpSocket", "UnixStream"];

/// `async`, clocks, randomness, locks and the machine, where the module's row has none of them.
pub(crate) fn waiting_locks_and_clocks(
    source: &Source,
    table: &[Row],
    findings: &mut Vec<Finding>,
) {
    let Some(row) = row(source, table) else {
        return;
    };
    let outside_tests = |at: &usize| !source.tests[*at];
    for at in (0..source.tokens.len()).filter(outside_tests) {
        let line = source.tokens[at].line;
        let mut report = |what: String| {
            findings.push(finding(
                source,
                line,
                format!("{what} in `{}`", source.module),
            ));
        };
        let text = source.text(at);
        if !row.may_wait && matches!(text, "async" | "await") {
            report(format!("`{text}`"));
        }
        if !row.may_read_clock {
            for clock in ["Instant", "SystemTime"] {
                if source.matches(at, &[clock, "::", "now"]) {
                    report(format!("`{clock}::now`"));
                }
            }
            if text == "getrandom" {
                report("random bytes".to_owned());
            }
        }
        if !row.may_lock && (LOCKS.contains(&text) || SOCKETS.contains(&text)) {
            report(format!("`{text}`"));
        }
    }
    for path in source.paths() {
        if row.may_lock || source.tests[path.at] {
            continue;
        }
        let [first, second, ..] = path.names.as_slice() else {
            continue;
        };
        if MACHINE.contains(&(first, second)) {
            let line = source.tokens[path.at].line;
            let what = format!("`{first}::{second}` in `{}`", source.module);
            findings.push(finding(source, line, what));
        }
    }
}

/// Calls that panic on purpose, in the modules that must not.
pub(crate) fn panics(source: &Source, pure: &[&str], findings: &mut Vec<Finding>) {
    if !pure.contains(&source.module.as_str()) {
        return;
    }
    for at in 0..source.tokens.len() {
        if source.tests[at] {
            continue;
        }
        let line = source.tokens[at].line;
        for call in ["unwrap", "expect", "unwrap_err", "expect_err"] {
            // On `self` it is a method of our own, a parser's for one.
            let own = at > 0 && source.text(at - 1) == "self";
            if source.matches(at, &[".", call, "("]) && !own {
                findings.push(finding(source, line, format!("`{call}` in the pure core")));
            }
        }
        for name in ["panic", "todo", "unimplemented", "unreachable"] {
            if source.matches(at, &[name, "!"]) {
                findings.push(finding(source, line, format!("`{name}!` in the pure core")));
            }
        }
    }
}

/// `clippy::indexing_slicing` must be denied at the library's or at the module's root: whether
/// brackets index something is for a compiler to say.
pub(crate) fn indexing_is_denied(tree: &Tree, module: &str, findings: &mut Vec<Finding>) {
    let root = format!("src/{module}/mod.rs");
    if !tree.has(&root) {
        return;
    }
    let denied = |path: &str| {
        let tokens = tokens(&tree.read(path));
        let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        let lint = words.iter().position(|word| *word == "indexing_slicing");
        lint.is_some_and(|at| {
            let level = words[..at].iter().rposition(|word| *word == "[");
            level.is_some_and(|from| {
                words[from..at]
                    .iter()
                    .any(|w| matches!(*w, "deny" | "forbid"))
            })
        })
    };
    if !denied(&root) && !denied("src/lib.rs") {
        findings.push(Finding {
            path: root,
            line: 1,
            what: "a module of the pure core opens with \
                   `#![cfg_attr(not(test), deny(clippy::indexing_slicing))]`"
                .to_owned(),
        });
    }
}

/// The keyword `unsafe`, anywhere.
pub(crate) fn unsafe_code(source: &Source, findings: &mut Vec<Finding>) {
    for token in source.tokens.iter().filter(|token| token.text == "unsafe") {
        findings.push(finding(source, token.line, "`unsafe`".to_owned()));
    }
}
