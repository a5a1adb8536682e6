//! Connections whose both ends are here: what has come is all there before anything is read.

use super::*;
use crate::config::Limits;
use crate::http;
use crate::transport::Server;
use crate::transport::silent::Silent;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::future::pending;
use std::net::Ipv4Addr;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

const PATIENT: Times = Times {
    idle: LONG,
    head: LONG,
    turn: LONG,
    unread: LONG,
};

fn server() -> Server<Silent> {
    limited(Limits::default())
}

fn limited(limits: Limits) -> Server<Silent> {
    Server::new(Default::default(), limits, Arc::default(), Silent)
}

/// Runs a test that has sockets.
fn run<R>(test: impl Future<Output = io::Result<R>>) -> R {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(test).expect("sockets")
}

/// Both ends of a connection on which these bytes have come, and with them its end if it `ends`.
async fn connection(bytes: &[u8], ends: bool) -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    client.write_all(bytes).await?;
    if ends {
        client.shutdown().await?;
    }
    Ok((client, listener.accept().await?.0))
}

/// Serves a connection to its end; every path but the protocol's is more than the system takes for
/// a client that does not read.
async fn attend(
    server: &Server<Silent>,
    stream: TcpStream,
    times: &'static Times,
) -> io::Result<()> {
    let admitted = server.admit(stream.peer_addr()?);
    let service = service_fn(|_| async {
        let body = http::Body::full(vec![0; 32 * 1024 * 1024]);
        Ok::<_, Infallible>(Response::new(body))
    });
    let beside = Beside {
        service,
        guard: None,
        protocol: true,
    };
    let never = pin!(pending());
    let admitted = admitted.ok_or(io::ErrorKind::Other)?;
    converse(admitted, stream.into(), beside, times, never).await;
    Ok(())
}

/// The counters after a client that sends these bytes, then nothing, and reads nothing.
fn served(bytes: &[u8], times: &'static Times) -> Arc<Stats> {
    run(async {
        let server = server();
        let (_client, stream) = connection(bytes, false).await?;
        attend(&server, stream, times).await?;
        Ok(Arc::clone(server.stats()))
    })
}

/// What is answered to these bytes.
async fn answer(server: &Server<Silent>, bytes: &[u8], ends: bool) -> io::Result<String> {
    let (mut client, stream) = connection(bytes, ends).await?;
    attend(server, stream, TIMES).await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[test]
fn a_post_is_heard_whose_client_ended_its_half_right_behind_it() {
    run(async {
        let server = server();
        let close = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
        let path = "/socket.io/?EIO=4&transport=polling";
        let open = format!("GET {path} {close}\r\n");
        let open = answer(&server, open.as_bytes(), false).await?;
        let (_, sid) = open.split_once("\"sid\":\"").expect("a session");
        let (sid, _) = sid.split_once('"').expect("its id");
        for length in [1, 100, 20_000, 60_000] {
            let body = "x".repeat(length);
            let post = format!(
                "POST {path}&sid={sid} {close}content-length: {}\r\n\r\n4{body}",
                length + 1
            );
            let answer = answer(&server, post.as_bytes(), true).await?;
            assert!(answer.ends_with("\r\n\r\nok"), "{length}: {answer:?}");
        }
        Ok(())
    });
}

#[test]
fn the_answer_of_a_poll_that_gets_no_turn_in_time_is_given_up_with_its_session() {
    const TIMES: &Times = &Times {
        turn: SHORT,
        ..PATIENT
    };
    run(async {
        let server = limited(Limits {
            max_requests: 1,
            ..Limits::default()
        });
        let request = |query: &str| {
            let path = "/socket.io/?EIO=4&transport=polling";
            format!("GET {path}{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        };
        let open = answer(&server, request("").as_bytes(), false).await?;
        let (_, sid) = open.split_once("\"sid\":\"").expect("a session");
        let (sid, _) = sid.split_once('"').expect("its id");
        let poll = request(&format!("&sid={sid}"));
        let (mut client, stream) = connection(poll.as_bytes(), false).await?;
        let (busy, sid) = (server.clone(), sid.to_owned());
        tokio::spawn(async move {
            while !busy.has_poll(&sid) {
                tokio::task::yield_now().await;
            }
            let _place = busy.place_for_request().await;
            busy.say(&sid, "hello");
            pending::<()>().await;
        });
        attend(&server, stream, TIMES).await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert_eq!(server.stats().requests_limited.get(), 1);
        assert_eq!(server.stats().sessions.get(), 0);
        assert_eq!(server.stats().buffered(), 0);
        Ok(())
    });
}

#[test]
fn a_head_of_which_the_rest_does_not_come_is_given_up() {
    const TIMES: &Times = &Times {
        head: SHORT,
        ..PATIENT
    };
    let stats = served(b"GET / HTTP/1.1\r\nhost: a\r\n", TIMES);
    assert_eq!(stats.heads_limited.get(), 1);
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    const TIMES: &Times = &Times {
        unread: SHORT,
        ..PATIENT
    };
    let stats = served(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", TIMES);
    assert_eq!(stats.answers_unread.get(), 1);
}

#[test]
fn a_connection_on_which_nothing_comes_is_ended() {
    const TIMES: &Times = &Times {
        idle: SHORT,
        ..PATIENT
    };
    let stats = served(b"", TIMES);
    assert_eq!(
        (stats.heads_limited.get(), stats.idles_closed.get()),
        (0, 1)
    );
}
