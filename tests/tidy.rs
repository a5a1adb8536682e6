//! The house rules that a compiler does not hold: who may import whom, where waiting and clocks
//! are allowed, that every file says what it is, and that the tests which are said to show the
//! protocol are there.
//!
//! The table below is the one of ARCHITECTURE.md. A module that needs something which its row
//! does not have is a question about the design: change the row, here and there, and say why.
//! Sources are read as tokens (comments, texts and macros' bodies told apart), not compiled, so
//! what a macro of another crate writes is not seen. A path counts as what it is spelt as:
//! `use crate::hub as h;` is an import of `hub`, and `h::x` after it is none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/protocol.rs"]
mod protocol;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/samples.rs"]
mod samples;
#[path = "tidy/source.rs"]
mod source;

use files::Tree;
use rules::{Finding, Row};

/// Crates that any module may use.
const ANYWHERE: &[&str] = &["bytes", "thiserror", "tracing"];

/// One row for each top-level module. `main` and the library's root are rows like the others.
const TABLE: &[Row] = &[
    Row {
        module: "stats",
        crate_modules: &[],
        outside: &[],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "bounded",
        crate_modules: &[],
        outside: &[],
        may_wait: false,
        may_lock: true,
        may_read_clock: false,
    },
    Row {
        module: "config",
        crate_modules: &[],
        outside: &[],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "encoding",
        crate_modules: &[],
        outside: &["flate2", "hyper"],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "rate",
        crate_modules: &[],
        outside: &[],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "party",
        crate_modules: &[],
        outside: &[],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "index",
        crate_modules: &[],
        outside: &["hashbrown", "rustc_hash"],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "engineio",
        crate_modules: &["config"],
        outside: &["base64", "form_urlencoded", "heapless", "slotmap"],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "socketio",
        crate_modules: &["config", "engineio", "index", "rate"],
        outside: &[
            "base64",
            "heapless",
            "rustc_hash",
            "serde",
            "serde_json",
            "slotmap",
        ],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "hub",
        crate_modules: &[
            "config", "engineio", "index", "party", "rate", "socketio", "stats",
        ],
        outside: &["slotmap"],
        may_wait: false,
        may_lock: true,
        may_read_clock: false,
    },
    Row {
        module: "chat",
        crate_modules: &["party", "socketio", "stats"],
        outside: &[
            "heapless",
            "rustc_hash",
            "serde",
            "serde_json",
            "slotmap",
            "subtle",
        ],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
    Row {
        module: "transport",
        crate_modules: &[
            "bounded", "config", "encoding", "engineio", "hub", "party", "rate", "stats",
        ],
        outside: &[
            "getrandom",
            "heapless",
            "hyper",
            "rustls",
            "serde_json",
            "slotmap",
            "socket2",
            "tokio",
            "tokio_tungstenite",
        ],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "tls",
        crate_modules: &["bounded", "config"],
        outside: &["base64", "ring", "rustls"],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "discovery",
        crate_modules: &["config"],
        outside: &["if_addrs", "mdns_sd", "socket2", "tokio"],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "http",
        crate_modules: &["bounded", "config", "encoding", "stats", "transport"],
        outside: &[
            "base64",
            "hmac",
            "httpdate",
            "hyper",
            "hyper_util",
            "qrcode",
            "rustix",
            "serde",
            "serde_json",
            "sha1",
            "socket2",
            "tokio",
        ],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "process",
        crate_modules: &["*"],
        outside: &["*"],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "main",
        crate_modules: &["*"],
        outside: &["*"],
        may_wait: true,
        may_lock: true,
        may_read_clock: true,
    },
    Row {
        module: "lib",
        crate_modules: &["*"],
        outside: &[],
        may_wait: false,
        may_lock: false,
        may_read_clock: false,
    },
];

/// The modules that do no input or output: what the network can reach must not panic there.
const PURE: &[&str] = &["engineio", "socketio", "hub", "chat"];

/// Fails with every finding, one a line, as `file:line: what`.
fn expect_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} findings\n{}",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn modules_import_only_what_their_row_allows() {
    let tree = Tree::of_this_package();
    let dependencies = tree.dependencies();
    assert!(
        dependencies.iter().any(|name| name == "tokio"),
        "Cargo.toml was read: {dependencies:?}"
    );
    let mut findings = Vec::new();
    for source in tree.library_sources() {
        rules::imports(&source, TABLE, ANYWHERE, &dependencies, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn waiting_locks_and_clocks_stay_where_their_row_allows() {
    let mut findings = Vec::new();
    for source in Tree::of_this_package().library_sources() {
        rules::waiting_locks_and_clocks(&source, TABLE, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn the_pure_core_does_not_panic_on_purpose() {
    let tree = Tree::of_this_package();
    let mut findings = Vec::new();
    for source in tree.library_sources() {
        rules::panics(&source, PURE, &mut findings);
    }
    for module in PURE {
        rules::indexing_is_denied(&tree, module, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn nothing_is_unsafe() {
    let tree = Tree::of_this_package();
    let mut findings = Vec::new();
    for source in tree.rust_sources() {
        rules::unsafe_code(&source, &mut findings);
    }
    expect_none(&findings);
    assert!(
        tree.read("Cargo.toml").contains("unsafe_code = \"forbid\""),
        "Cargo.toml forbids it too"
    );
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    let mut findings = Vec::new();
    for file in Tree::of_this_package().files() {
        files::header(file, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn no_source_file_is_over_400_lines_without_its_reason() {
    let mut findings = Vec::new();
    for file in Tree::of_this_package().files() {
        files::length(file, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn no_file_names_the_machine_it_was_written_on_or_where_packages_come_from() {
    let mut findings = Vec::new();
    for file in Tree::of_this_package().files() {
        files::words(file, &mut findings);
    }
    expect_none(&findings);
}

#[test]
fn every_line_of_the_protocol_names_tests_that_are_there() {
    let tree = Tree::of_this_package();
    let read = |path: &str| {
        let path = format!("tests/{path}");
        tree.has(&path).then(|| tree.read(&path))
    };
    let mut findings = Vec::new();
    let lines = protocol::table(&tree.read(protocol::PATH), read, &mut findings);
    expect_none(&findings);
    assert_eq!(lines, 79, "lines of the protocol");
}

#[test]
fn every_promise_about_security_names_tests_that_are_there() {
    let tree = Tree::of_this_package();
    let read = |path: &str| tree.has(path).then(|| tree.read(path));
    let mut findings = Vec::new();
    let promises = promises::table(&tree.read(promises::PATH), read, &mut findings);
    expect_none(&findings);
    assert!(promises > 10, "promises: {promises}");
}

#[test]
fn every_module_has_its_row() {
    let tree = Tree::of_this_package();
    let mut modules: Vec<String> = tree.library_sources().map(|source| source.module).collect();
    modules.sort();
    modules.dedup();
    assert!(modules.len() > 2, "sources were found: {modules:?}");
    for module in modules {
        assert!(
            TABLE.iter().any(|row| row.module == module),
            "src/{module} has no row in the table of tests/tidy.rs"
        );
    }
}
