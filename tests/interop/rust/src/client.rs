//! One connected client of either kind, with what it heard: the two have the same methods, but
//! one of them waits in threads and the other in a runtime.

use std::sync::LazyLock;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rust_socketio::{ClientBuilder, Payload, TransportType, asynchronous, client};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Watchdog only: nothing waits this long in a run that passes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Milliseconds between attempts to reconnect, at least and at most.
const DELAY: (u64, u64) = (1, 10);

/// `error` is a refusal, `close` the end of the namespace.
const EVENTS: [&str; 6] = ["hello", "echo", "question", "bin", "error", "close"];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Blocking,
    Async,
}

enum Either {
    Blocking(client::Client),
    Async(asynchronous::Client),
}

type Heard = (String, Payload);

pub struct Client {
    client: Either,
    tell: mpsc::Sender<Heard>,
    heard: Receiver<Heard>,
}

/// What each client says of itself.
pub fn who() -> Value {
    json!({"token": "ä b"})
}

impl Client {
    pub fn connect(kind: Kind, way: TransportType, url: &str, namespace: &str) -> Self {
        let (tell, heard) = mpsc::channel();
        let hear = |event: &str| {
            let (tell, name) = (tell.clone(), event.to_owned());
            move |payload| {
                // Fails only when its test has ended.
                let _ = tell.send((name.clone(), payload));
            }
        };
        let client = match kind {
            Kind::Blocking => {
                let mut builder = ClientBuilder::new(url)
                    .transport_type(way)
                    .namespace(namespace)
                    .auth(who())
                    .reconnect_on_disconnect(true)
                    .reconnect_delay(DELAY.0, DELAY.1);
                for event in EVENTS {
                    let hear = hear(event);
                    builder = builder.on(event, move |payload, _| hear(payload));
                }
                Either::Blocking(builder.connect().expect("it connects"))
            }
            Kind::Async => {
                let mut builder = asynchronous::ClientBuilder::new(url)
                    .transport_type(way)
                    .namespace(namespace)
                    .auth(who())
                    .reconnect_delay(DELAY.0, DELAY.1);
                for event in EVENTS {
                    let hear = hear(event);
                    builder = builder.on(event, move |payload, _| {
                        hear(payload);
                        Box::pin(async {})
                    });
                }
                Either::Async(RUNTIME.block_on(builder.connect()).expect("it connects"))
            }
        };
        Self {
            client,
            tell,
            heard,
        }
    }

    /// What the next event of this name brings; others before it are dropped.
    pub fn next(&self, event: &str) -> Payload {
        loop {
            match self.heard.recv_timeout(PATIENCE) {
                Ok((name, payload)) if name == event => return payload,
                Ok(_) => {}
                Err(_) => panic!("no {event} within {PATIENCE:?}"),
            }
        }
    }

    pub fn emit(&self, event: &str, payload: Payload) {
        match &self.client {
            Either::Blocking(client) => client.emit(event, payload),
            Either::Async(client) => RUNTIME.block_on(client.emit(event, payload)),
        }
        .expect("it is sent");
    }

    /// Emits an event whose answer is heard as "the answer".
    pub fn ask(&self, event: &str, payload: Payload) {
        let tell = self.tell.clone();
        let answered = move |payload| {
            let _ = tell.send(("the answer".to_owned(), payload));
        };
        match &self.client {
            Either::Blocking(client) => {
                client.emit_with_ack(event, payload, PATIENCE, move |payload, _| {
                    answered(payload)
                })
            }
            Either::Async(client) => RUNTIME.block_on(client.emit_with_ack(
                event,
                payload,
                PATIENCE,
                move |payload, _| {
                    answered(payload);
                    Box::pin(async {})
                },
            )),
        }
        .expect("it is sent");
    }

    /// Makes the server end what this client comes back from: the blocking one from its
    /// namespace's end, the other from its connection's, which it loses by a reserved name.
    pub fn get_thrown_out(&self) {
        let event = match &self.client {
            Either::Blocking(_) => "kick",
            Either::Async(_) => "disconnecting",
        };
        self.emit(event, Payload::Text(vec![]));
    }
}
