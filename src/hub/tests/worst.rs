//! What an application may do, or be told, at the worst time.

use super::*;
use crate::hub::{Gone, Later};
use crate::socketio::{Admission, Event, Handshake, Io, SocketKey};
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

fn ready<R>(later: &mut Later<R>) -> Poll<Result<R, Gone>> {
    Pin::new(later).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_question_to_a_server_that_is_gone_has_no_answer() {
    let server = SocketIo::new(Actor::new(Log::default()));
    let handle = server.handle();
    let mut later = handle.ask(|_| 1).expect("taken");
    drop(server);
    assert_eq!(ready(&mut later), Poll::Ready(Err(Gone)));
}

/// Decides every connect later; notes sockets.
struct Doorman(Arc<Mutex<Vec<SocketKey>>>);
impl Application for Doorman {
    fn admit(&mut self, _: &mut Io<'_>, socket: SocketKey, _: &Handshake<'_>) -> Admission {
        self.0.lock().expect("not poisoned").push(socket);
        Admission::Later
    }
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let _ = io.broadcast("/").emit("all", &[]);
        let _ = event;
    }
}

#[test]
fn jobs_of_one_turn_see_what_those_before_them_did() {
    let waiting: Arc<Mutex<Vec<SocketKey>>> = Arc::default();
    let mut rig = Rig::of(Limits::default(), Doorman(Arc::clone(&waiting)));
    let handle = rig.hub.protocol().handle();
    let ws = rig.websocket();
    rig.send(ws, "40");
    let socket = waiting.lock().expect("not poisoned")[0];
    handle.run(move |io| io.accept(socket)).expect("taken");
    let mut sent = handle
        .ask(move |io| io.emit(socket, "welcome", &[]).is_ok())
        .expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(ready(&mut sent), Poll::Ready(Ok(true)));
}

#[test]
fn what_is_said_while_a_recovery_is_decided_is_not_lost() {
    let settings = config::Protocol {
        recovery_max_age: Some(seconds(120)),
        recovery_skips_middlewares: false,
        ..config::Protocol::default()
    };
    let waiting: Arc<Mutex<Vec<SocketKey>>> = Arc::default();
    let protocol = SocketIo::new(Doorman(Arc::clone(&waiting)));
    let handle = protocol.handle();
    let mut rig = Rig::configured(settings, Limits::default(), protocol);
    let accept = |rig: &mut Rig<Doorman>| {
        let socket = waiting.lock().expect("not poisoned").pop().expect("waits");
        handle.run(move |io| io.accept(socket)).expect("taken");
        rig.hub.run_queued(rig.now, Waker::noop());
    };
    let (me, other) = (rig.websocket(), rig.websocket());
    for ws in [me, other] {
        rig.send(ws, "40");
        accept(&mut rig);
    }
    let answer = rig.drain(me).remove(0);
    let pid = answer.split('"').nth(7).expect("a pid").to_owned();
    rig.send(other, "42[\"x\"]");
    let event = rig.drain(me).remove(0);
    let seen = event.split('"').nth(3).expect("an offset").to_owned();
    rig.lose(me);
    let back = rig.websocket();
    rig.send(
        back,
        &format!("40{{\"pid\":\"{pid}\",\"offset\":\"{seen}\"}}"),
    );
    rig.send(other, "42[\"x\"]");
    accept(&mut rig);
    let frames = rig.drain(back);
    assert!(frames[0].starts_with("42[\"all\""), "{frames:?}");
}

#[test]
fn what_is_kept_for_nobody_costs_no_client_its_connection() {
    let settings = config::Protocol {
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    };
    let limits = Limits {
        max_buffered_bytes: 20_000,
        ..Limits::default()
    };
    let protocol = SocketIo::new(Actor::new(Log::default()));
    let mut rig = Rig::configured(settings, limits, protocol);
    let ws = rig.websocket();
    rig.send(ws, "40");
    rig.drain(ws);
    for size in [4900, 4900, 4900, 4900, 12000] {
        rig.send(ws, &format!("42[\"large\",{size}]"));
        let frames = rig.drain(ws);
        assert!(frames[0].starts_with("42"), "{frames:?}");
    }
}

#[test]
fn long_names_of_rooms_count_as_what_is_kept() {
    let settings = config::Protocol {
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    };
    let limits = Limits {
        max_recovery_bytes: 10_000,
        ..Limits::default()
    };
    let protocol = SocketIo::new(Actor::new(Log::default()));
    let mut rig = Rig::configured(settings, limits, protocol);
    let (lost, ws) = (rig.websocket(), rig.websocket());
    for ws in [lost, ws] {
        rig.send(ws, "40");
    }
    rig.lose(lost);
    for n in 0..50 {
        let room = format!("{n}{}", "x".repeat(9_000));
        rig.send(ws, &format!("42[\"say\",\"{room}\",1]"));
    }
    assert!(rig.hub.protocol().registry.kept_bytes() <= 10_000);
    assert_eq!(rig.stats.recoveries_limited.get(), 49);
}

#[test]
fn one_that_is_being_decided_is_not_found_by_its_id() {
    let waiting: Arc<Mutex<Vec<SocketKey>>> = Arc::default();
    let mut rig = Rig::of(Limits::default(), Doorman(Arc::clone(&waiting)));
    let handle = rig.hub.protocol().handle();
    let ws = rig.websocket();
    rig.send(ws, "40");
    let socket = waiting.lock().expect("not poisoned")[0];
    let mut found = handle
        .ask(move |io| io.id(socket).and_then(|id| io.find("/", &id)))
        .expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(ready(&mut found), Poll::Ready(Ok(None)));
}

#[test]
fn what_nobody_can_come_back_for_is_forgotten_without_clients() {
    let settings = config::Protocol {
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    };
    let protocol = SocketIo::new(Actor::new(Log::default()));
    let mut rig = Rig::configured(settings, Limits::default(), protocol);
    let ws = rig.websocket();
    rig.send(ws, "40/made/1,");
    rig.send(ws, "42/made/1,[\"set\",1]");
    rig.send(ws, "42/made/1,[\"echo\",1]");
    rig.lose(ws);
    rig.pass(seconds(3600));
    rig.expect_empty();
    assert_eq!(rig.hub.protocol().registry().namespaces_len(), 0);
}

#[test]
fn a_decision_in_another_namespace_still_has_the_request() {
    struct App(Arc<Mutex<Vec<SocketKey>>>, Arc<Mutex<Vec<bool>>>);
    impl Application for App {
        fn namespace(
            &mut self,
            _: &str,
            _: crate::socketio::Arg<'_>,
        ) -> crate::socketio::Namespace {
            crate::socketio::Namespace::Static
        }
        fn admit(&mut self, _: &mut Io<'_>, socket: SocketKey, h: &Handshake<'_>) -> Admission {
            if h.namespace == "/a" {
                self.0.lock().expect("not poisoned").push(socket);
                return Admission::Later;
            }
            Admission::Accept
        }
        fn connect(&mut self, _: &mut Io<'_>, _: SocketKey, h: &Handshake<'_>) {
            self.1
                .lock()
                .expect("not poisoned")
                .push(h.request.is_some());
        }
        fn event(&mut self, _: &mut Io<'_>, _: Event<'_>) {}
    }
    let waiting: Arc<Mutex<Vec<SocketKey>>> = Arc::default();
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    let limits = Limits {
        max_namespaces: 2,
        ..Limits::default()
    };
    let mut rig = Rig::of(limits, App(Arc::clone(&waiting), Arc::clone(&seen)));
    let handle = rig.hub.protocol().handle();
    let ws = rig.websocket();
    rig.send(ws, "40/a,");
    rig.send(ws, "40");
    let socket = waiting.lock().expect("not poisoned")[0];
    handle.run(move |io| io.accept(socket)).expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(*seen.lock().expect("not poisoned"), [true, true]);
}

#[test]
fn who_asks_nobody_again_and_again_does_not_stop_the_server() {
    struct Again(Arc<Mutex<u32>>);
    impl Application for Again {
        fn event(&mut self, io: &mut Io<'_>, _: Event<'_>) {
            let _ = io
                .broadcast("/")
                .to("nobody")
                .emit_with_ack("well", &[], seconds(1));
        }
        fn answers(
            &mut self,
            io: &mut Io<'_>,
            _: crate::socketio::BroadcastTicket,
            _: crate::socketio::Answers,
        ) {
            let mut times = self.0.lock().expect("not poisoned");
            *times += 1;
            if *times < 10_000 {
                let _ = io
                    .broadcast("/")
                    .to("nobody")
                    .emit_with_ack("well", &[], seconds(1));
            }
        }
    }
    let times: Arc<Mutex<u32>> = Arc::default();
    let mut rig = Rig::of(Limits::default(), Again(Arc::clone(&times)));
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"x\"]");
    assert!(
        *times.lock().expect("not poisoned") <= 1,
        "{} in one turn",
        times.lock().expect("not poisoned")
    );
}

#[test]
fn time_without_end_may_be_set() {
    let settings = config::Protocol {
        request_kept: Duration::MAX,
        connect_timeout: Duration::MAX,
        ..config::Protocol::default()
    };
    let mut rig = Rig::configured(
        settings,
        Limits::default(),
        SocketIo::new(Actor::new(Log::default())),
    );
    rig.websocket();
}

#[test]
fn one_that_is_being_decided_gets_no_disconnect_packet() {
    let waiting: Arc<Mutex<Vec<SocketKey>>> = Arc::default();
    let mut rig = Rig::of(Limits::default(), Doorman(Arc::clone(&waiting)));
    let handle = rig.hub.protocol().handle();
    let ws = rig.websocket();
    rig.send(ws, "40");
    let socket = waiting.lock().expect("not poisoned")[0];
    handle.run(move |io| io.disconnect(socket)).expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(rig.drain(ws), [""; 0]);
}
