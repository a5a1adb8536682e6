//! Emitting from outside and from inside of callbacks, through a [`Handle`].

use super::*;
use crate::hub::handle::MAX_QUEUED;
use crate::socketio::{Argument, Event, Io, SocketKey};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Uses its handle in every callback.
#[derive(Debug, Default)]
struct Indirect {
    handle: Arc<Mutex<Option<Handle>>>,
    last: Arc<Mutex<Option<SocketKey>>>,
}

impl Application for Indirect {
    fn event(&mut self, _: &mut Io<'_>, event: Event<'_>) {
        let socket = event.socket;
        *self.last.lock().expect("not poisoned") = Some(socket);
        let handle = self.handle.lock().expect("not poisoned").clone();
        let again = handle.clone();
        let job = move |io: &mut Io<'_>| {
            let _ = io.emit(socket, "queued", &[]);
            // From inside a job it waits for the next turn.
            let _ = again.map(|handle| handle.run(move |io| _ = io.emit(socket, "again", &[])));
        };
        let queued = handle.map(|handle| handle.run(job));
        assert_eq!(queued, Some(Ok(())));
    }
}

fn rig() -> (Rig<Indirect>, Handle, Ws, Arc<Woken>) {
    let app = Indirect::default();
    let slot = Arc::clone(&app.handle);
    let mut rig = Rig::of(Limits::default(), app);
    let handle = rig.hub.protocol().handle();
    *slot.lock().expect("not poisoned") = Some(handle.clone());
    let ws = rig.joined(&["/"]);
    (rig, handle, ws, Arc::default())
}

#[test]
fn a_job_from_inside_a_callback_runs_in_the_next_turn() {
    let (mut rig, _, ws, woken) = rig();
    let waker = Waker::from(Arc::clone(&woken));
    rig.hub.run_queued(rig.now, &waker);
    rig.send(ws, "42[\"x\"]");
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.hub.run_queued(rig.now, &waker);
    assert_eq!(rig.drain(ws), ["42[\"queued\"]"]);
    assert_eq!(woken.0.load(Ordering::Relaxed), 2);
    rig.hub.run_queued(rig.now, &waker);
    assert_eq!(rig.drain(ws), ["42[\"again\"]"]);
}

#[test]
fn jobs_from_outside_run_in_order_and_wake_the_server_once() {
    let (mut rig, handle, ws, woken) = rig();
    rig.send(ws, "42[\"x\"]");
    let waker = Waker::from(Arc::clone(&woken));
    rig.hub.run_queued(rig.now, &waker);
    rig.hub.run_queued(rig.now, &waker);
    rig.drain(ws);
    let before = woken.0.load(Ordering::Relaxed);
    let outside = std::thread::spawn(move || {
        for n in 0..3 {
            let job = move |io: &mut Io<'_>| _ = io.broadcast("/").emit("n", &[&n]);
            handle.run(job).expect("taken");
        }
    });
    outside.join().expect("does not panic");
    assert_eq!(woken.0.load(Ordering::Relaxed), before + 1);
    rig.hub.run_queued(rig.now, &waker);
    assert_eq!(rig.drain(ws), ["42[\"n\",0]", "42[\"n\",1]", "42[\"n\",2]"]);
}

#[test]
fn a_job_that_panics_is_dropped_with_what_it_emitted() {
    let (mut rig, handle, ws, _) = rig();
    let emit = |io: &mut Io<'_>| _ = io.broadcast("/").emit("n", &[]);
    handle.run(emit).expect("taken");
    handle
        .run(move |io| {
            emit(io);
            panic!("asked to");
        })
        .expect("taken");
    handle.run(emit).expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(rig.drain(ws), ["42[\"n\"]", "42[\"n\"]"]);
    assert_eq!(rig.stats.panics.get(), 1);
}

#[test]
fn a_job_may_close_a_client_and_ask_another_within_a_time() {
    let (mut rig, handle, ws, _) = rig();
    rig.send(ws, "42[\"x\"]");
    let socket = rig
        .hub
        .protocol()
        .app()
        .last
        .lock()
        .expect("not poisoned")
        .expect("known");
    handle
        .run(move |io| _ = io.emit_with_ack(socket, "well", &[], seconds(1)))
        .expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(rig.hub.deadline(), Some(rig.now + seconds(1)));
    handle.run(move |io| io.close(socket)).expect("taken");
    rig.hub.run_queued(rig.now, Waker::noop());
    let frames = rig.drain(ws);
    assert!(
        frames.ends_with(&["41".to_owned(), "(close)".to_owned()]),
        "{frames:?}"
    );
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn jobs_that_wait_are_bounded() {
    let (mut rig, handle, _, _) = rig();
    for _ in 0..MAX_QUEUED {
        handle.run(|_| ()).expect("taken");
    }
    assert!(handle.run(|_| ()).is_err());
    rig.hub.run_queued(rig.now, Waker::noop());
    assert!(handle.run(|_| ()).is_ok());
}

#[test]
fn what_a_job_returns_comes_to_whoever_waits_for_it() {
    let (mut rig, handle, _, woken) = rig();
    let here = handle.ask(|io| io.sockets("/").len()).expect("is queued");
    let nowhere = handle.ask(|_| panic!("asked to")).expect("is queued");
    let nowhere: Later<()> = nowhere;
    rig.hub.run_queued(rig.now, &Waker::from(woken));
    assert_eq!(here.wait(), Ok(1));
    assert_eq!(nowhere.wait(), Err(Gone));
}

#[test]
fn a_task_can_ask_a_socket_and_gets_the_answer_or_why_there_is_none() {
    let (mut rig, handle, ws, woken) = rig();
    let waker = Waker::from(Arc::clone(&woken));
    let socket = handle.ask(|io| io.sockets("/")[0]).expect("is queued");
    rig.hub.run_queued(rig.now, &waker);
    let socket = socket.wait().expect("is there");
    let ask = |args: &[&dyn Argument]| handle.emit_with_ack(socket, "well", args, seconds(5));
    let answered = ask(&[&1, &"two"]);
    let late = ask(&[]);
    rig.hub.run_queued(rig.now, &waker);
    assert_eq!(rig.drain(ws), ["420[\"well\",1,\"two\"]", "421[\"well\"]"]);
    rig.send(ws, "430[3]");
    let answer = answered.wait().expect("is answered");
    assert_eq!(answer.as_args().json(), "3");
    rig.pass(seconds(5));
    let why = late.wait().expect_err("is late");
    assert_eq!(why.to_string(), "operation has timed out");
    rig.lose(ws);
    let gone = ask(&[]);
    rig.hub.run_queued(rig.now, &waker);
    let why = gone.wait().expect_err("is gone");
    assert_eq!(why.to_string(), "the socket is not connected");
}
