//! What an application may say about requests: refusals, headers, the cookie, the first message.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::raw::{connect, get, read, send};
use crate::support::server::Running;
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket, upgrade};
use hyper::HeaderMap;
use hyper::header::{HeaderValue, SET_COOKIE};
use parlor::config::{Cookie, Protocol};
use parlor::engineio::Request;
use parlor::transport::{Decision, Edge, Forbidden, Hooks};
use tokio::sync::Notify;

/// Refuses by the query, counts, and puts the counts into headers.
#[derive(Default)]
struct Doorman {
    asked: AtomicU32,
    initial: AtomicU32,
}

impl Hooks for Doorman {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            match request.parameter("deny") {
                None => Ok(()),
                Some(words) if words.is_empty() => Err(Forbidden::default()),
                Some(words) => Err(Forbidden::new(words)),
            }
        })
    }

    fn initial_headers(&self, _: &Request, headers: &mut HeaderMap) {
        let count = self.initial.fetch_add(1, Ordering::Relaxed) + 1;
        headers.insert("x-initial", HeaderValue::from(count));
        headers.append(SET_COOKIE, HeaderValue::from_static("1=1; Max-Age=86400"));
        headers.append(SET_COOKIE, HeaderValue::from_static("2=2; Path=/; Secure"));
    }

    fn headers(&self, request: &Request, headers: &mut HeaderMap) {
        let asked = self.asked.load(Ordering::Relaxed);
        headers.insert("x-asked", HeaderValue::from(asked));
        let agent = request.header("user-agent").unwrap_or("none");
        headers.insert("x-agent", HeaderValue::from_str(agent).unwrap());
    }
}

fn hooked() -> Running {
    Running::echo_with(
        Protocol::default(),
        Edge::default().hooks(Doorman::default()),
    )
}

#[test]
fn a_refused_handshake_is_403_with_code_4_over_polling_and_400_with_text_over_websocket() {
    let server = hooked();
    for (query, over_polling, over_websocket) in [
        ("&deny=", "Forbidden", "Forbidden"),
        (
            "&deny=say+%22please%22",
            "say \\\"please\\\"",
            "say \"please\"",
        ),
    ] {
        let answer = get(server.address, &format!("{POLLING}{query}"), &[]);
        assert_eq!(answer.status, 403);
        assert_eq!(answer.must("content-type"), "application/json");
        let body = format!("{{\"code\":4,\"message\":\"{over_polling}\"}}");
        assert_eq!(answer.text(), body);
        assert!(answer.header("x-asked").is_none() && answer.header("x-initial").is_none());
        let answer = send(
            server.address,
            &upgrade(&format!("{WEBSOCKET}{query}"), &[]),
        );
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (400, over_websocket)
        );
        assert_eq!(answer.must("content-type"), "text/html");
    }
    assert_eq!(server.stats.sessions_opened.get(), 0);
}

#[test]
fn the_application_is_asked_after_transport_and_method_and_before_the_revision() {
    let server = hooked();
    let status = |query: &str| get(server.address, &format!("/socket.io/?deny={query}"), &[]);
    assert!(status("&transport=x").text().contains("\"code\":0"));
    assert!(status("&transport=websocket").text().contains("\"code\":3"));
    assert!(
        status("&transport=polling&EIO=9")
            .text()
            .contains("\"code\":4")
    );
    let version = get(server.address, "/socket.io/?transport=polling&EIO=9", &[]);
    assert!(version.text().contains("\"code\":5"));
    // Twice so far, and never for the requests of a session.
    let session = Polling::open(server.address);
    assert_eq!(session.post("4hi", &[]).must("x-asked"), "3");
    assert_eq!(session.poll(&[]).must("x-asked"), "3");
}

#[test]
fn initial_headers_come_once_a_session_and_the_others_with_every_answer_of_it() {
    let server = hooked();
    let answer = get(server.address, POLLING, &["User-Agent: a"]);
    assert_eq!(answer.must("x-initial"), "1");
    assert_eq!(answer.must("x-agent"), "a");
    assert_eq!(
        answer.all("set-cookie"),
        ["1=1; Max-Age=86400", "2=2; Path=/; Secure"]
    );
    let session = Polling::open(server.address);
    for answer in [session.post("4hi", &[]), session.poll(&["User-Agent: b"])] {
        assert_eq!(answer.header("x-initial"), None);
        assert!(answer.header("x-agent").is_some());
    }
    let path = format!("{WEBSOCKET}&sid={}", session.sid);
    let socket = WebSocket::open(server.address, &path, &["User-Agent: c"]);
    assert_eq!(socket.answer.must("x-agent"), "c");
    assert_eq!(socket.answer.header("x-initial"), None);
    let socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    assert_eq!(socket.answer.must("x-initial"), "3");
    assert_eq!(socket.answer.all("set-cookie").len(), 2);
    // Refusals carry none.
    assert_eq!(session.request("PUT").header("x-agent"), None);
}

/// Fails where the query says.
struct Broken;

impl Hooks for Broken {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        assert_eq!(request.parameter("fail").as_deref(), None);
        Box::pin(std::future::ready(Ok(())))
    }

    fn headers(&self, request: &Request, _: &mut HeaderMap) {
        assert_eq!(request.parameter("late"), None);
    }
}

#[test]
fn a_hook_that_panics_ends_its_connection_and_nothing_else() {
    let edge = Edge::default().hooks(Broken);
    let server = Running::echo_with(Protocol::default(), edge);
    for path in [POLLING, WEBSOCKET] {
        for query in ["&fail=1", "&late=1"] {
            let mut stream = connect(server.address);
            let bytes = upgrade(&format!("{path}{query}"), &[]);
            let bytes = if path == POLLING {
                format!("GET {path}{query} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
            } else {
                bytes
            };
            stream.write_all(&bytes).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert!(answer.is_empty());
        }
    }
    assert_eq!(server.stats.sessions_opened.get(), 0);
    let session = Polling::open(server.address);
    let path = format!("{}&late=1", session.path);
    let mut stream = connect(server.address);
    let poll = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(poll.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    session.expect_alive();
}

/// Decides when it is told to, and says when it is asked and when a decision was given up.
#[derive(Default)]
struct Slow {
    decide: Notify,
    seen: Mutex<Vec<tokio::sync::oneshot::Sender<()>>>,
    dropped: Arc<Mutex<Vec<std::sync::mpsc::Sender<()>>>>,
}

struct OnDrop(std::sync::mpsc::Sender<()>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl Hooks for Slow {
    fn allow_request<'a>(&'a self, _: &'a Request) -> Decision<'a> {
        let told = self.seen.lock().unwrap().pop().unwrap();
        let guard = OnDrop(self.dropped.lock().unwrap().pop().unwrap());
        Box::pin(async move {
            told.send(()).unwrap();
            self.decide.notified().await;
            drop(guard);
            Ok(())
        })
    }
}

#[test]
fn a_decision_may_take_its_time() {
    let slow = Arc::new(Slow::default());
    let edge = Edge::default().hooks(Arc::clone(&slow));
    let server = Running::echo_with(Protocol::default(), edge);
    let (told, seen) = tokio::sync::oneshot::channel();
    slow.seen.lock().unwrap().push(told);
    slow.dropped
        .lock()
        .unwrap()
        .push(std::sync::mpsc::channel().0);
    let mut stream = connect(server.address);
    let head = format!("GET {POLLING} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    seen.blocking_recv().unwrap();
    assert_eq!(server.stats.sessions_opened.get(), 0);
    slow.decide.notify_one();
    assert_eq!(read(stream).status, 200);
}

#[test]
fn a_client_that_goes_away_before_the_decision_leaves_no_session() {
    let slow = Arc::new(Slow::default());
    let edge = Edge::default().hooks(Arc::clone(&slow));
    let server = Running::echo_with(Protocol::default(), edge);
    let polling = format!("GET {POLLING} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    for bytes in [polling, upgrade(WEBSOCKET, &[])] {
        let (told, seen) = tokio::sync::oneshot::channel();
        let (gone, given_up) = std::sync::mpsc::channel();
        slow.seen.lock().unwrap().push(told);
        slow.dropped.lock().unwrap().push(gone);
        let mut stream = connect(server.address);
        stream.write_all(&bytes).unwrap();
        seen.blocking_recv().unwrap();
        drop(stream);
        // Nobody decides: the decision itself is dropped, with the request.
        given_up
            .recv_timeout(crate::support::raw::LIMIT)
            .expect("the decision is given up");
    }
    assert_eq!(server.stats.sessions_opened.get(), 0);
}

#[test]
fn the_cookie_comes_with_the_polling_handshake_and_with_nothing_else() {
    let edge = Edge::default().cookie(Cookie::default()).unwrap();
    let server = Running::echo_with(Protocol::default(), edge);
    let answer = get(server.address, POLLING, &[]);
    let sid = crate::support::session::sid(&answer);
    assert_eq!(
        answer.all("set-cookie"),
        [format!("io={sid}; Path=/; HttpOnly; SameSite=Lax")]
    );
    let session = Polling::open(server.address);
    assert!(session.post("4hi", &[]).all("set-cookie").is_empty());
    assert!(session.poll(&[]).all("set-cookie").is_empty());
    let socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    assert!(socket.answer.all("set-cookie").is_empty());
}

#[test]
fn the_cookie_stands_beside_those_of_the_hooks() {
    let edge = Edge::default().hooks(Doorman::default());
    let edge = edge.cookie(Cookie::default()).unwrap();
    let server = Running::echo_with(Protocol::default(), edge);
    assert_eq!(get(server.address, POLLING, &[]).all("set-cookie").len(), 3);
}

#[test]
fn the_first_message_comes_with_the_handshake() {
    let settings = Protocol {
        initial_packet: Some("faster!".to_owned()),
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    let text = get(server.address, POLLING, &[]).text();
    let (open, message) = text.split_once('\u{1e}').unwrap();
    assert!(open.starts_with("0{") && open.ends_with('}'), "{open}");
    assert_eq!(message, "4faster!");
    let mut socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    assert!(socket.text().starts_with("0{"));
    assert_eq!(socket.text(), "4faster!");
}

#[test]
fn internet_explorer_is_told_not_to_filter() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let agents = [
        (
            "Mozilla/5.0 (compatible;MSIE 9.0; Windows NT 6.1)",
            Some("0"),
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0)",
            Some("0"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0.0.0", None),
    ];
    for (agent, expected) in agents {
        let line = format!("User-Agent: {agent}");
        let answers = [session.post("4hi", &[&line]), session.poll(&[&line])];
        for answer in answers {
            assert_eq!(answer.header("x-xss-protection"), expected, "{agent}");
        }
    }
}
