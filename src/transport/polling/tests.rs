//! Handshakes and posts that end before their time, without a socket.

use super::*;
use crate::config;
use crate::engineio::Message;
use crate::hub::Engine;
use crate::stats::Stats;
use crate::transport::silent::Silent;
use std::net::Ipv4Addr;

#[test]
fn a_handshake_that_comes_when_the_server_stops_is_told_to_come_later_and_leaves_nothing() {
    let limits = config::Limits::default();
    let stats = Arc::new(Stats::default());
    let settings = config::Protocol::default();
    let server = Server::new(settings, limits, Arc::clone(&stats), Silent);
    server.shut_down();
    let request = engineio::Request::from_address(Ipv4Addr::LOCALHOST.into());
    assert_eq!(server.handshake(request).err(), Some(Reject::Full));
    assert!(server.lock().hub.engine().is_empty());
    assert_eq!(stats.buffered(), 0);
}

/// A body of which nothing comes.
struct Slow;

impl Body for Slow {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[test]
fn a_body_that_does_not_come_is_cut_off_and_ends_its_session() {
    let settings = config::Protocol::default();
    let limits = config::Limits::default();
    let server = Server::new(settings, limits, Arc::default(), Silent);
    let request = engineio::Request::from_address(Ipv4Addr::LOCALHOST.into());
    let session = server.turn(|state, now| {
        let opened = state.hub.open(now, request, None).expect("a session");
        state.hub.take_payload(opened).map(|_| opened)
    });
    let session = session.expect("its handshake is answered");
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    let headers = HeaderMap::new();
    let post = server.post_within(Duration::from_millis(1), session, &headers, Slow);
    assert!(matches!(runtime.block_on(post), Outcome::Cut));
    assert_eq!(server.stats().bodies_timed_out.get(), 1);
    assert!(server.lock().hub.engine().is_empty());
}

#[test]
fn a_session_that_is_closed_when_it_opens_is_told_so() {
    struct Closes;
    impl Protocol for Closes {
        fn open(&mut self, engine: &mut Engine, session: SessionKey, _: engineio::Request) {
            engine.close(session, CloseReason::ForcedClose);
        }
        fn message(&mut self, _: &mut Engine, _: SessionKey, _: Message<'_>) {}
        fn close(&mut self, _: &mut Engine, _: SessionKey, _: CloseReason) {}
    }
    let settings = config::Protocol::default();
    let limits = config::Limits::default();
    let server = Server::new(settings, limits, Arc::default(), Closes);
    let request = engineio::Request::from_address(Ipv4Addr::LOCALHOST.into());
    let (answer, _) = server.handshake(request).expect("is answered");
    assert!(answer.body().starts_with(b"0{"));
}
