//! Connections that are kept, while a poll waits and between requests: the server lets go of
//! everything but the socket meanwhile, of which nobody may notice anything.

use std::convert::Infallible;
use std::future::pending;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use hyper::Response;
use hyper::service::service_fn;
use parlor::http::connection;
use parlor::transport::Server;
use tokio::io::Interest;
use tokio::net::TcpListener;

use crate::support::raw::{Answer, connect, parse, read};
use crate::support::server::{Echo, Running};
use crate::support::session::{POLLING, Polling, sid};

const KEPT: [&str; 1] = ["Connection: keep-alive"];

/// The next answer of a connection that is kept.
fn next(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let mut answer = parse(&bytes);
    answer.body = vec![0; answer.must("content-length").parse().unwrap()];
    stream.read_exact(&mut answer.body).unwrap();
    answer
}

#[test]
fn polls_that_wait_one_after_the_other_are_answered_on_one_connection() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let mut stream = connect(server.address);
    for text in ["4one", "4two", "4three"] {
        session.begin_poll_on(&mut stream, &KEPT, "");
        assert_eq!(session.post(text, &[]).text(), "ok");
        let answer = next(&mut stream);
        assert_eq!((answer.status, answer.text().as_str()), (200, text));
        assert_eq!(answer.must("content-type"), "text/plain; charset=UTF-8");
        assert_eq!(answer.must("cache-control"), "no-store");
        assert_eq!(answer.header("connection"), None);
        assert!(answer.header("date").is_some());
    }
}

#[test]
fn the_answer_of_a_poll_that_waited_is_that_of_one_that_did_not() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let long = format!("4{}", "long ".repeat(1000));
    let lines = [KEPT[0], "Accept-Encoding: gzip", "User-Agent: Trident/7.0"];
    let mut stream = connect(server.address);
    session.begin_poll_on(&mut stream, &lines, "");
    assert_eq!(session.post(&long, &[]).text(), "ok");
    let waited = next(&mut stream);
    assert_eq!(session.post(&long, &[]).text(), "ok");
    let at_once = session.poll(&lines[1..]);
    assert_eq!(waited.must("content-encoding"), "gzip");
    assert_eq!(waited.must("x-xss-protection"), "0");
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "date" && name != "connection");
        headers
    };
    assert_eq!(headers(&waited), headers(&at_once));
    assert_eq!(waited.body, at_once.body);
}

#[test]
fn requests_that_come_behind_a_poll_that_waits_are_answered_after_it() {
    let server = Running::echo();
    let behind = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (with_it, later) in [(behind, ""), ("", behind), behind.split_at(9)] {
        let session = Polling::open(server.address);
        let mut stream = connect(server.address);
        session.begin_poll_on(&mut stream, &KEPT, with_it);
        stream.write_all(later.as_bytes()).unwrap();
        assert_eq!(session.post("4hi", &[]).text(), "ok");
        assert_eq!(next(&mut stream).text(), "4hi");
        assert_eq!(read(stream).status, 404);
    }
}

#[test]
fn a_body_behind_the_head_of_a_poll_is_never_taken_for_a_request() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let body = "GET /smuggled HTTP/1.1\r\n\r\n";
    let length = format!("Content-Length: {}", body.len());
    let mut stream = connect(server.address);
    session.begin_poll_on(&mut stream, &[KEPT[0], &length], body);
    assert_eq!(session.post("4hi", &[]).text(), "ok");
    let answer = read(stream);
    assert_eq!((answer.status, answer.text().as_str()), (200, "4hi"));
}

#[test]
fn requests_may_be_cut_anywhere_and_come_before_the_answer_or_after_it() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let post = |text: &str| {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: ",
            session.path
        );
        format!("{head}{}\r\n\r\n{text}", text.len())
    };
    let poll = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", session.path);
    let requests = [post("4one"), poll.clone(), post("4two"), poll].concat();
    let mut stream = connect(server.address);
    stream.set_nodelay(true).unwrap();
    for cut in 1..requests.len() {
        let (early, late) = requests.split_at(cut);
        stream.write_all(early.as_bytes()).unwrap();
        let mut answers = vec![];
        if early.contains("4one") {
            answers.push(next(&mut stream).text());
        }
        stream.write_all(late.as_bytes()).unwrap();
        while answers.len() < 4 {
            answers.push(next(&mut stream).text());
        }
        assert_eq!(answers, ["ok", "4one", "ok", "4two"], "cut at {cut}");
    }
}

#[test]
fn a_body_that_nobody_reads_is_never_taken_for_a_request() {
    let server = Running::echo();
    let mut stream = connect(server.address);
    let body = b"GET /smuggled HTTP/1.1\r\n\r\n";
    let head = format!(
        "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answers = vec![0];
    stream.read_exact(&mut answers).unwrap();
    // The connection may be closed by now, but nothing more is answered.
    let _ = stream.write_all(body);
    let _ = stream.read_to_end(&mut answers);
    assert_eq!(parse(&answers).status, 404);
    assert_eq!(
        answers.windows(5).filter(|five| five == b"HTTP/").count(),
        1
    );
}

#[test]
fn a_poll_that_is_given_up_on_a_connection_that_is_kept_closes_the_session() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let mut stream = connect(server.address);
    session.begin_poll_on(&mut stream, &KEPT, "");
    drop(stream);
    // When the server comes to know it is a matter of time.
    while session.request("PUT").status == 500 {}
    session.expect_gone();
}

#[test]
fn a_poll_that_comes_together_with_the_end_of_its_connection_closes_the_session() {
    let server = Server::new(
        Default::default(),
        Default::default(),
        Arc::default(),
        Echo::default(),
    );
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        server.start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // The server looks at a connection only when everything has come on it, its end as well.
        let visit = async |path: &str, connection: &str, leaves: bool| {
            let mut client = connect(address);
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n");
            client.write_all(request.as_bytes()).unwrap();
            // Else it is closed here.
            let client = (!leaves).then_some(client);
            let (stream, peer) = listener.accept().await.unwrap();
            while leaves
                && !stream
                    .ready(Interest::READABLE)
                    .await
                    .unwrap()
                    .is_read_closed()
            {
                tokio::task::yield_now().await;
            }
            let nothing = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::new())));
            let admitted = server.admit(peer).unwrap();
            connection::serve(admitted, stream, nothing, pending()).await;
            client.map(read)
        };
        for connection in ["keep-alive", "close"] {
            let opened = visit(POLLING, "close", false).await.unwrap();
            let path = format!("{POLLING}&sid={}", sid(&opened));
            visit(&path, connection, true).await;
            let afterwards = visit(&path, "close", false).await.unwrap();
            assert_eq!(afterwards.status, 400);
            assert!(afterwards.text().contains("Session ID unknown"));
        }
    });
}
