//! One Engine.IO session over its life and transports, as a table of transitions.
//!
//! Every input meets every phase in [`Session::handle`]; `-` means that nothing happens. The
//! poll is the GET that waits for data, the post the POST whose body is being read.
//!
//! | input | polling | probing | websocket | closing | closed |
//! |---|---|---|---|---|---|
//! | poll started | waits | waits | refused 3 | data, else `6` `1` and closed | refused 1 |
//! | a second poll | refused, closed, first gets `1` | same | refused 3 | refused, closed | refused 1 |
//! | poll aborted | closed: transport error | same | - | closed | - |
//! | post started | reads | reads | refused 3 | reads | refused 1 |
//! | a second post | refused, closed, first is cut off | same | refused 3 | same | refused 1 |
//! | post aborted | closed: transport error | same | - | closed | - |
//! | posted message | goes up | goes up | - | - | - |
//! | posted `1` | closed: goodbye, poll gets `6` | same | - | - | - |
//! | posted `2` | closed: transport error | same | - | - | - |
//! | posted `3` | heartbeat | heartbeat | - | - | - |
//! | posted `2`, revision 3 | heartbeat, `3` is sent | same | - | - | - |
//! | posted `3`, revision 3 | closed: transport error | same | - | - | - |
//! | posted `0` `5` `6` | - | - | - | - | - |
//! | posted garbage | closed: parse error | same | - | - | - |
//! | websocket opened | probing | refused | refused | refused | refused |
//! | `2probe` on it | | `3probe` | (a ping, below) | | |
//! | `5` on it | | websocket, poll gets `6` | - | | |
//! | other on it | | polling, it is closed | message up, `3` heartbeat, `1` closed: goodbye, `2` closed: transport error, `0` `6` - | - | - |
//! | `2` on it, revision 3 | | polling, it is closed | heartbeat, `3` is sent | - | - |
//! | `3` on it, revision 3 | | polling, it is closed | closed: transport error | - | - |
//! | garbage on it | | polling, it is closed | closed: parse error | - | - |
//! | it is lost | | polling | closed: transport close or error | - | - |
//! | close | closing, poll gets `1` and closed | same, probe closed | closed, frames first | - | - |
//! | close, discarding | closed, poll gets `1`, outbox dropped | same, probe closed | closed, outbox dropped | same | same |
//! | the session ends while a post is read | the post is cut off | same | | same | |
//! | tick | heartbeat | heartbeat, release, time-out | heartbeat | closed after 30 s | - |
//!
//! Data is never sent on a probing socket: it leaves by polling until `5`, and what no poll
//! has fetched by then is the first to leave by WebSocket. So nothing is lost or reordered.
//! A goodbye is a transport close that the client has announced.
//! What a poll is released with is written here as revision 4 has it; revision 3 puts lengths
//! before the same packets. Source: Engine.IO v4 and v3, and the measured answers of the
//! reference server.
//!
//! Longer than 400 lines because the table is one match, to be read in one place.

mod heartbeat;
mod input;
mod outbox;
mod outgoing;
#[cfg(test)]
mod tests;
mod upgrade;

pub use input::{Context, Effects, Input, Missed, OutboxFull, Step};
pub use outbox::{Encoded, Outbox, Outgoing, Pool};

use crate::config::Protocol;
use crate::engineio::error::{CloseReason, Reject};
use crate::engineio::packet::Packet;
use crate::engineio::revision::{Format, Revision};
use heartbeat::{Due, Heartbeat};
use std::time::{Duration, Instant};
use upgrade::{Probe, Verdict};

slotmap::new_key_type! {
    /// One WebSocket connection, as the transport counts them.
    pub struct ConnectionKey;

    /// One session, as the hub counts them: what the layers above call a client by.
    pub struct SessionKey;
}

/// Time a closed polling session waits for the poll that fetches its end.
const FORGET_AFTER: Duration = Duration::from_secs(30);

/// Why a session ends whose client sends a close packet.
const GOODBYE: CloseReason = CloseReason::TransportClose { goodbye: true };

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Polling,
    /// Boxed, because it is short and larger than the others.
    Probing(Box<Probe>),
    WebSocket(ConnectionKey),
    /// Closed by this side; the client has yet to fetch what is left and then the end.
    Closing {
        until: Instant,
    },
    /// Over. A socket that is left is fed the rest of the outbox.
    Closed(Option<ConnectionKey>),
}

/// The GET under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    Absent,
    Waiting,
    /// To be answered with this, whether or not there is data.
    Release(Release),
}

/// What a poll is released with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Release {
    Noop,
    Close,
    NoopThenClose,
}

/// The POST under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    Absent,
    Reading,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    poll: Poll,
    post: Post,
    format: Format,
    heartbeat: Heartbeat,
    outbox: Outbox,
}

const _: () = assert!(size_of::<Session>() <= 56);

impl Session {
    /// A session that begins with a GET; the GET waits for the open packet.
    pub fn polling(now: Instant, settings: &Protocol, format: Format) -> Self {
        Self {
            phase: Phase::Polling,
            poll: Poll::Waiting,
            post: Post::Absent,
            format,
            heartbeat: Heartbeat::start(now, settings, format.revision),
            outbox: Outbox::default(),
        }
    }

    /// A session that begins with a WebSocket.
    pub fn websocket(
        connection: ConnectionKey,
        now: Instant,
        settings: &Protocol,
        format: Format,
    ) -> Self {
        Self {
            phase: Phase::WebSocket(connection),
            poll: Poll::Absent,
            ..Self::polling(now, settings, format)
        }
    }

    /// Takes one input. See the table in the module's header.
    pub fn handle<'p>(&mut self, input: Input<'p>, cx: &mut Context<'_>) -> Step<'p> {
        match (&mut self.phase, input) {
            (Phase::Polling | Phase::Probing(_), Input::PollStarted) => match self.poll {
                Poll::Absent => {
                    self.poll = Poll::Waiting;
                    Step::Done
                }
                Poll::Waiting | Poll::Release(_) => {
                    self.end(CloseReason::TransportError, Release::Close, cx);
                    Step::Refused(Reject::Conflict)
                }
            },
            (Phase::Closing { .. }, Input::PollStarted) => match self.poll {
                Poll::Absent if self.outbox.is_empty() => {
                    self.poll = Poll::Release(Release::NoopThenClose);
                    self.finish(cx);
                    Step::Done
                }
                Poll::Absent => {
                    self.poll = Poll::Waiting;
                    Step::Done
                }
                Poll::Waiting | Poll::Release(_) => {
                    self.finish(cx);
                    Step::Refused(Reject::Conflict)
                }
            },
            (Phase::WebSocket(_), Input::PollStarted | Input::PostStarted) => {
                Step::Refused(Reject::BadRequest)
            }
            (Phase::Closed(_), Input::PollStarted | Input::PostStarted) => {
                Step::Refused(Reject::SessionUnknown)
            }

            (Phase::Polling | Phase::Probing(_), Input::PollAborted) => {
                self.poll = Poll::Absent;
                self.end(CloseReason::TransportError, Release::Close, cx);
                Step::Done
            }
            (Phase::Closing { .. }, Input::PollAborted) => {
                self.poll = Poll::Absent;
                self.finish(cx);
                Step::Done
            }
            (Phase::WebSocket(_) | Phase::Closed(_), Input::PollAborted) => {
                self.poll = Poll::Absent;
                Step::Done
            }

            (Phase::Polling | Phase::Probing(_) | Phase::Closing { .. }, Input::PostStarted) => {
                match self.post {
                    Post::Absent => {
                        self.post = Post::Reading;
                        Step::Done
                    }
                    Post::Reading => {
                        cx.effects.cut_post = true;
                        self.end(CloseReason::TransportError, Release::Close, cx);
                        Step::Refused(Reject::Conflict)
                    }
                }
            }
            (_, Input::PostFinished) => {
                self.post = Post::Absent;
                Step::Done
            }
            (Phase::Polling | Phase::Probing(_) | Phase::Closing { .. }, Input::PostAborted) => {
                self.post = Post::Absent;
                self.end(CloseReason::TransportError, Release::Close, cx);
                Step::Done
            }
            (Phase::WebSocket(_) | Phase::Closed(_), Input::PostAborted) => {
                self.post = Post::Absent;
                Step::Done
            }

            (Phase::Polling | Phase::Probing(_), Input::Posted(packet)) => match packet {
                Packet::Close => {
                    self.end(GOODBYE, Release::Noop, cx);
                    Step::Done
                }
                other => self.receive(other, cx),
            },
            (Phase::Polling | Phase::Probing(_), Input::PostedGarbage) => {
                self.end(CloseReason::ParseError, Release::Close, cx);
                Step::Done
            }
            (
                Phase::WebSocket(_) | Phase::Closing { .. } | Phase::Closed(_),
                Input::Posted(_) | Input::PostedGarbage,
            ) => Step::Done,

            (Phase::Polling, Input::SocketOpened(connection, base64))
                if cx.settings.allow_upgrades =>
            {
                let probe = Probe::new(connection, base64, cx.now, cx.settings);
                self.phase = Phase::Probing(Box::new(probe));
                Step::Done
            }
            (_, Input::SocketOpened(connection, _)) => {
                cx.effects.close_socket = Some(connection);
                Step::Done
            }

            (Phase::Probing(probe), Input::SocketReceived(connection, packet))
                if probe.connection == connection =>
            {
                match probe.receive(packet, cx.now) {
                    Verdict::Reply => cx.effects.probe_reply = Some(connection),
                    Verdict::Move => {
                        self.format.base64 = probe.base64;
                        self.phase = Phase::WebSocket(connection);
                        if self.poll == Poll::Waiting {
                            self.poll = Poll::Release(Release::Noop);
                        }
                    }
                    Verdict::Fail => self.drop_probe(cx),
                }
                Step::Done
            }
            (Phase::Probing(probe), Input::SocketGarbage(connection))
                if probe.connection == connection =>
            {
                self.drop_probe(cx);
                Step::Done
            }
            (Phase::Probing(probe), Input::SocketLost(connection, _))
                if probe.connection == connection =>
            {
                self.phase = Phase::Polling;
                Step::Done
            }

            (Phase::WebSocket(main), Input::SocketReceived(connection, packet))
                if *main == connection =>
            {
                match packet {
                    Packet::Close => {
                        self.end(GOODBYE, Release::Noop, cx);
                        Step::Done
                    }
                    other => self.receive(other, cx),
                }
            }
            (Phase::WebSocket(main), Input::SocketGarbage(connection)) if *main == connection => {
                self.end(CloseReason::ParseError, Release::Noop, cx);
                Step::Done
            }
            (Phase::WebSocket(main), Input::SocketLost(connection, reason))
                if *main == connection =>
            {
                self.end(reason, Release::Noop, cx);
                // The socket is gone: there is nothing left to close or to feed.
                cx.effects.close_socket = None;
                self.phase = Phase::Closed(None);
                Step::Done
            }
            (Phase::Closed(Some(main)), Input::SocketLost(connection, _))
                if *main == connection =>
            {
                self.phase = Phase::Closed(None);
                Step::Done
            }
            // A socket that this session has let go of may still speak or end.
            (_, Input::SocketReceived(..) | Input::SocketGarbage(_) | Input::SocketLost(..)) => {
                Step::Done
            }

            (Phase::Polling | Phase::Probing(_), Input::Close(reason)) => {
                if self.poll == Poll::Waiting && self.outbox.is_empty() {
                    self.end(reason, Release::Close, cx);
                } else {
                    self.drop_probe(cx);
                    self.phase = Phase::Closing {
                        until: cx.now + FORGET_AFTER,
                    };
                    cx.effects.closed = Some(reason);
                }
                Step::Done
            }
            (Phase::WebSocket(_), Input::Close(reason)) => {
                self.end(reason, Release::Noop, cx);
                Step::Done
            }
            (_, Input::Discard(reason)) => {
                // What waits is not wanted any more, so it need not be held till the end.
                self.outbox = Outbox::default();
                self.end(reason, Release::Close, cx);
                Step::Done
            }
            (Phase::Closing { .. } | Phase::Closed(_), Input::Close(_)) => Step::Done,

            (Phase::Closing { until }, Input::Tick) => {
                if *until <= cx.now {
                    cx.effects.missed = Some(Missed::End);
                    self.finish(cx);
                }
                Step::Done
            }
            (Phase::Closed(_), Input::Tick) => Step::Done,
            (Phase::Polling | Phase::Probing(_) | Phase::WebSocket(_), Input::Tick) => {
                self.tick(cx);
                Step::Done
            }
        }
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Polling | Phase::WebSocket(_) => Some(self.heartbeat.deadline()),
            Phase::Probing(probe) => Some(probe.deadline().min(self.heartbeat.deadline())),
            Phase::Closing { until } => Some(*until),
            Phase::Closed(_) => None,
        }
    }

    /// A packet other than close, on the transport that carries the session.
    fn receive<'p>(&mut self, packet: Packet<'p>, cx: &mut Context<'_>) -> Step<'p> {
        match (packet, self.format.revision) {
            (Packet::Message(message), _) => Step::Message(message),
            (Packet::Pong(_), Revision::V4) => {
                self.heartbeat.beat(cx.now, cx.settings);
                Step::Done
            }
            (Packet::Ping(_), Revision::V3) => {
                self.heartbeat.beat(cx.now, cx.settings);
                // Who pings without reading must not fill the memory with answers.
                if self
                    .send(Outgoing::Text("3"), true, cx.limits, cx.pool)
                    .is_err()
                {
                    self.end(CloseReason::TransportError, Release::Close, cx);
                }
                Step::Done
            }
            // Only servers ping in revision 4, only clients do in revision 3.
            (Packet::Ping(_), Revision::V4) | (Packet::Pong(_), Revision::V3) => {
                self.end(CloseReason::TransportError, Release::Close, cx);
                Step::Done
            }
            (Packet::Open | Packet::Close | Packet::Upgrade | Packet::Noop, _) => Step::Done,
        }
    }

    fn tick(&mut self, cx: &mut Context<'_>) {
        if let Phase::Probing(probe) = &mut self.phase {
            if probe.timed_out(cx.now) {
                cx.effects.missed = Some(Missed::Upgrade);
                self.drop_probe(cx);
            } else if probe.release_due(cx.now)
                && self.poll == Poll::Waiting
                && self.outbox.is_empty()
            {
                self.poll = Poll::Release(Release::Noop);
            }
        }
        match self.heartbeat.tick(cx.now, cx.settings) {
            Due::Nothing => {}
            // A ping is not held to the limits: it is one byte every interval.
            Due::Ping => self.outbox.push(Outgoing::Text("2"), true, cx.pool),
            Due::TimedOut => self.end(CloseReason::PingTimeout, Release::Close, cx),
        }
    }

    fn drop_probe(&mut self, cx: &mut Context<'_>) {
        if let Phase::Probing(probe) = &self.phase {
            cx.effects.close_socket = Some(probe.connection);
            self.phase = Phase::Polling;
        }
    }

    /// Ends the session now; a waiting poll gets what was sent before, else `parting`.
    fn end(&mut self, reason: CloseReason, parting: Release, cx: &mut Context<'_>) {
        if self.is_open() {
            cx.effects.closed = Some(reason);
        }
        if self.poll == Poll::Waiting && self.outbox.is_empty() {
            self.poll = Poll::Release(parting);
        }
        self.cut_post(cx);
        let socket = match &self.phase {
            Phase::Probing(probe) => {
                cx.effects.close_socket = Some(probe.connection);
                None
            }
            Phase::WebSocket(connection) => {
                cx.effects.close_socket = Some(*connection);
                Some(*connection)
            }
            Phase::Polling | Phase::Closing { .. } => None,
            Phase::Closed(socket) => *socket,
        };
        self.phase = Phase::Closed(socket);
    }
    /// The end of a session that was closing.
    fn finish(&mut self, cx: &mut Context<'_>) {
        self.cut_post(cx);
        self.phase = Phase::Closed(None);
    }

    /// A body that is still coming in would be held for nobody.
    fn cut_post(&self, cx: &mut Context<'_>) {
        cx.effects.cut_post = self.post == Post::Reading;
    }
}
