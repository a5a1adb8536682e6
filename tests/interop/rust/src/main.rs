//! The crate rust_socketio, blocking and async, over every way it knows, does what clients do.
//!
//! ```text
//! parlor-interop URL
//! ```
//!
//! URL is that of a server of profile `interop` (examples/reference says what it answers). All
//! tests run at once, a thread for each; those that panic are named at the end.
//!
//! What this client (0.6.0) cannot do is left out: it has one namespace a connection, does not
//! answer questions, marks binary that asks for an answer as an answer, and cuts binary at each
//! byte 0x1e, which separates packets in payloads only.

mod client;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use client::{Client, Kind};
use rust_socketio::{Payload, TransportType};
use serde_json::{Value, json};

const KINDS: [(&str, Kind); 2] = [("blocking", Kind::Blocking), ("async", Kind::Async)];
const WAYS: [(&str, TransportType); 3] = [
    ("polling", TransportType::Polling),
    ("websocket", TransportType::Websocket),
    ("upgrade", TransportType::WebsocketUpgrade),
];
const BOTH: [&str; 2] = ["/", "/custom"];

type Test = fn(&dyn Fn(&str) -> Client);

/// Each is given a function that connects a new client to a namespace.
const TESTS: [(&str, Test); 7] = [
    ("is greeted with what it said of itself", is_greeted),
    ("gets its arguments back as event and as answer", echoes),
    ("hears a question of the server's", hears_a_question),
    ("sends binary and gets it back", sends_binary),
    ("is told why a namespace refuses it", is_refused),
    ("is disconnected from its namespace", is_disconnected),
    ("comes back by itself", comes_back),
];

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: parlor-interop URL");
        return ExitCode::from(2);
    };
    let url: Arc<str> = url.into();
    let mut running = Vec::new();
    for (kind_name, kind) in KINDS {
        for (way_name, way) in WAYS {
            for (title, test) in TESTS {
                let (url, way) = (Arc::clone(&url), way.clone());
                let name = format!("{kind_name} over {way_name}: {title}");
                let run = move || {
                    test(&|namespace| Client::connect(kind, way.clone(), &url, namespace));
                };
                // Its name is what the report of a panic begins with.
                let thread = thread::Builder::new().name(name.clone()).spawn(run);
                running.push((name, thread));
            }
        }
    }
    let mut failed = 0;
    for (name, thread) in running {
        let passed = thread.is_ok_and(|thread| thread.join().is_ok());
        println!("{} {name}", if passed { "ok" } else { "FAILED" });
        failed += u32::from(!passed);
    }
    // What is still connected ends with the process: a blocking client that has disconnected
    // keeps a processor busy.
    ExitCode::from(u8::from(failed > 0))
}

fn is_greeted(connect: &dyn Fn(&str) -> Client) {
    for namespace in BOTH {
        let hello = connect(namespace).next("hello");
        assert_eq!(hello, Payload::from(json!({ "you": client::who() })));
    }
}

fn echoes(connect: &dyn Fn(&str) -> Client) {
    let args = vec![
        json!("é ☃ 😀"),
        json!(1.5),
        Value::Null,
        json!(["a", {}]),
        json!({"deep": {"list": [1, "x"]}}),
    ];
    for namespace in BOTH {
        let client = connect(namespace);
        client.next("hello");
        client.ask("echo", Payload::Text(args.clone()));
        assert_eq!(client.next("echo"), Payload::Text(args.clone()));
        let answer = Payload::Text(vec![Value::Array(args.clone())]);
        assert_eq!(client.next("the answer"), answer);
    }
}

fn hears_a_question(connect: &dyn Fn(&str) -> Client) {
    for namespace in BOTH {
        let client = connect(namespace);
        client.next("hello");
        client.emit("ackme", Payload::Text(vec![]));
        assert_eq!(client.next("question"), Payload::from(json!(42)));
    }
}

fn sends_binary(connect: &dyn Fn(&str) -> Client) {
    let bytes: &'static [u8] = &[0, 1, 0x34, 0xfe, 0xff];
    for namespace in BOTH {
        let client = connect(namespace);
        client.next("hello");
        client.emit("bin", Payload::from(bytes));
        assert_eq!(client.next("bin"), Payload::from(bytes));
    }
}

fn is_refused(connect: &dyn Fn(&str) -> Client) {
    let refusals = [
        ("/deny", r#"{"message":"denied","data":{"code":7}}"#),
        ("/nobody", r#"{"message":"Invalid namespace"}"#),
    ];
    for (namespace, refusal) in refusals {
        let told = format!("Received an ConnectError frame: {refusal}");
        assert_eq!(connect(namespace).next("error"), Payload::from(told));
    }
}

fn is_disconnected(connect: &dyn Fn(&str) -> Client) {
    for namespace in BOTH {
        let client = connect(namespace);
        client.next("hello");
        client.emit("kick", Payload::Text(vec![]));
        client.next("close");
    }
}

fn comes_back(connect: &dyn Fn(&str) -> Client) {
    for namespace in BOTH {
        let client = connect(namespace);
        client.next("hello");
        client.get_thrown_out();
        client.next("hello");
        client.ask("echo", Payload::from(json!(1)));
        assert_eq!(client.next("the answer"), Payload::from(json!([1])));
    }
}
