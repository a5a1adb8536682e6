//! Engine.IO sessions: found by id, asked again when their time comes, and noted when they
//! have something to send. One turn of the server may touch many sessions; what they have to
//! send is collected once, by [`Hub::flush`](super::Hub::flush).
//!
//! Cost of an idle session: its entry here (asserted below), its place in the index, and one
//! entry in the timers' heap.

use super::Random;
use super::census::Census;
use super::timers::{Timers, earlier};
use crate::config;
use crate::engineio::handshake::{Query, Transport, open_packet};
use crate::engineio::session::{
    ConnectionKey, Context, Effects, Input, Missed, Outgoing, Pool, Step,
};
use crate::engineio::{
    CloseReason, Format, Reject, Request, Revision, Session, SessionId, SessionKey,
};
use crate::index::Index;
use crate::stats::Stats;
use slotmap::SlotMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) session: Session,
    timer: Option<Instant>,
    /// Those who wait for this session in HTTP requests.
    pub(super) waiting: Option<Box<Waiting>>,
    id: SessionId,
    address: IpAddr,
    /// Whether a message has come.
    heard: bool,
    /// Whether it is in the list of those with something to send.
    pub(super) dirty: bool,
    /// Whether its WebSocket has not taken everything it was given.
    pub(super) backlog: bool,
}

const _: () = assert!(size_of::<Entry>() <= 120);

#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) poll: Option<Waker>,
    pub(super) post: Option<Waker>,
    pub(super) post_cut: bool,
}

/// The sessions.
#[derive(Debug)]
pub struct Engine {
    pub(super) now: Instant,
    pub(super) settings: config::Protocol,
    pub(super) limits: config::Limits,
    pub(super) stats: Arc<Stats>,
    random: Random,
    pub(super) sessions: SlotMap<SessionKey, Entry>,
    by_id: Index<SessionKey>,
    census: Census,
    timers: Timers<SessionKey>,
    pub(super) pool: Pool,
    pub(super) dirty: Vec<SessionKey>,
    closed: Vec<(SessionKey, CloseReason)>,
    touched: Vec<SessionKey>,
    pub(super) close_sockets: Vec<ConnectionKey>,
    pub(super) probe_replies: Vec<ConnectionKey>,
}

impl Engine {
    pub(super) fn new(
        settings: config::Protocol,
        limits: config::Limits,
        stats: Arc<Stats>,
        random: Random,
        now: Instant,
    ) -> Self {
        Self {
            now,
            settings,
            limits,
            stats,
            random,
            sessions: SlotMap::default(),
            by_id: Index::default(),
            census: Census::default(),
            timers: Timers::default(),
            pool: Pool::default(),
            dirty: Vec::new(),
            closed: Vec::new(),
            touched: Vec::new(),
            close_sockets: Vec::new(),
            probe_replies: Vec::new(),
        }
    }

    /// Protocol settings.
    pub fn settings(&self) -> &config::Protocol {
        &self.settings
    }

    /// Limits.
    pub fn limits(&self) -> &config::Limits {
        &self.limits
    }

    /// Counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// The time of this turn.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Random bytes for an id, if the source has any.
    pub fn random(&self) -> Option<[u8; 15]> {
        (self.random)()
    }

    /// Sessions that exist, those included that are being closed.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no session.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The address a session came from.
    pub fn address(&self, session: SessionKey) -> Option<IpAddr> {
        self.sessions.get(session).map(|entry| entry.address)
    }

    /// How the session's client wants its packets.
    pub fn format(&self, session: SessionKey) -> Format {
        self.sessions
            .get(session)
            .map(|entry| entry.session.format())
            .unwrap_or_default()
    }

    /// The secret id that a session's client knows it by.
    pub fn session_id(&self, session: SessionKey) -> Option<SessionId> {
        self.sessions.get(session).map(|entry| entry.id)
    }

    /// Whether the session can send and receive.
    pub fn is_open(&self, session: SessionKey) -> bool {
        self.sessions
            .get(session)
            .is_some_and(|entry| entry.session.is_open())
    }

    /// Ends a session after what was sent to it.
    pub fn close(&mut self, session: SessionKey, reason: CloseReason) {
        self.handle(session, Input::Close(reason));
    }

    /// Has the session's time looked at again, because the layer above set a new one.
    pub fn touch(&mut self, session: SessionKey) {
        self.touched.push(session);
    }

    /// The WebSockets that are to get `3probe`.
    pub fn take_probe_replies(&mut self) -> Vec<ConnectionKey> {
        std::mem::take(&mut self.probe_replies)
    }

    /// The WebSockets that are to be closed, after what [`Hub::flush`](super::Hub::flush)
    /// gave them.
    pub fn take_close_sockets(&mut self) -> Vec<ConnectionKey> {
        std::mem::take(&mut self.close_sockets)
    }

    pub(super) fn open(
        &mut self,
        request: &Request,
        socket: Option<ConnectionKey>,
    ) -> Result<SessionKey, Reject> {
        // The reference server's answer to an id that cannot be made.
        let id = SessionId::from_random(self.random().ok_or(Reject::BadRequest)?);
        // Who speaks another revision was refused before.
        let format = Query::parse(request.query()).format(&self.settings);
        let format = format.unwrap_or_default();
        // In revision 3 a client may have nothing to say for ever: it joins unasked.
        let heard = format.revision == Revision::V3;
        let party = request.address.into();
        if let Err(reject) = self.census.enter(party, heard, &self.limits) {
            self.stats.sessions_limited.add();
            return Err(reject);
        }
        let (session, transport) = match socket {
            None => (
                Session::polling(self.now, &self.settings, format),
                Transport::Polling,
            ),
            Some(socket) => (
                Session::websocket(socket, self.now, &self.settings, format),
                Transport::WebSocket,
            ),
        };
        let key = self.sessions.insert(Entry {
            session,
            timer: None,
            waiting: None,
            id,
            address: request.address,
            heard,
            dirty: false,
            backlog: false,
        });
        let sessions = &self.sessions;
        self.by_id
            .insert(key, &id, |key| sessions.get(key).map(|entry| &entry.id));
        self.stats.sessions_opened.add();
        self.stats.sessions.add(1);
        let packet = open_packet(&id, transport, &self.settings);
        self.send_packet(key, Outgoing::Text(&packet));
        if let Some(message) = &self.settings.initial_packet {
            let packet = format!("4{message}");
            self.send_packet(key, Outgoing::Text(&packet));
        }
        Ok(key)
    }

    pub(super) fn find(
        &self,
        id: Option<SessionId>,
        transport: Transport,
    ) -> Result<SessionKey, Reject> {
        let id_of = |key| self.sessions.get(key).map(|entry| &entry.id);
        let key = id
            .and_then(|id| self.by_id.find(&id, id_of))
            .ok_or(Reject::SessionUnknown)?;
        let entry = self.sessions.get(key);
        let entry = entry
            .filter(|entry| entry.session.is_known())
            .ok_or(Reject::SessionUnknown)?;
        match (transport, entry.session.transport()) {
            (Transport::Polling, Transport::WebSocket) => Err(Reject::BadRequest),
            _ => Ok(key),
        }
    }

    pub(super) fn handle<'p>(&mut self, key: SessionKey, input: Input<'p>) -> Step<'p> {
        let Some(entry) = self.sessions.get_mut(key) else {
            return Step::Refused(Reject::SessionUnknown);
        };
        let mut effects = Effects::default();
        let before = entry.session.buffered_bytes();
        let step = entry.session.handle(
            input,
            &mut Context {
                now: self.now,
                settings: &self.settings,
                limits: &self.limits,
                pool: &mut self.pool,
                effects: &mut effects,
            },
        );
        // A ping is put into the outbox without asking (everything else goes through `send`),
        // and a session that is discarded drops its outbox.
        let after = entry.session.buffered_bytes();
        self.stats.hold(after.saturating_sub(before));
        self.stats.release(before.saturating_sub(after));
        if let Some(reason) = effects.closed {
            if reason == CloseReason::PingTimeout {
                self.stats.pings_timed_out.add();
            }
            self.closed.push((key, reason));
        }
        match effects.missed {
            None => {}
            Some(Missed::Upgrade) => self.stats.upgrades_timed_out.add(),
            Some(Missed::End) => self.stats.ends_unclaimed.add(),
        }
        self.close_sockets.extend(effects.close_socket);
        self.probe_replies.extend(effects.probe_reply);
        if effects.cut_post {
            // Also one that does not wait yet: it asks before it does.
            let waiting = entry.waiting.get_or_insert_default();
            waiting.post_cut = true;
            waiting.post.take().inspect(Waker::wake_by_ref);
        }
        if matches!(step, Step::Message(_)) {
            if !std::mem::replace(&mut entry.heard, true) {
                self.census.hear();
            }
        } else {
            Self::mark(&mut self.dirty, entry, key);
            self.forget_if_finished(key);
        }
        step
    }

    /// Removes a session that is over and owes nobody anything.
    pub(super) fn forget_if_finished(&mut self, key: SessionKey) {
        let Some(entry) = self.sessions.get(key) else {
            return;
        };
        if !entry.session.is_finished() || self.closed.iter().any(|(closed, _)| *closed == key) {
            return;
        }
        if let Some(entry) = self.sessions.remove(key) {
            self.by_id.remove(key, &entry.id);
            self.census.leave(entry.address.into(), entry.heard);
            self.stats.release(entry.session.buffered_bytes());
            self.stats.sessions.sub(1);
        }
    }

    pub(super) fn pop_closed(&mut self) -> Option<(SessionKey, CloseReason)> {
        self.closed.pop()
    }

    pub(super) fn pop_touched(&mut self) -> Option<SessionKey> {
        self.touched.pop()
    }

    /// The next session whose time has come.
    pub(super) fn pop_due(&mut self) -> Option<SessionKey> {
        while let Some((at, key)) = self.timers.pop_due(self.now) {
            if let Some(entry) = self.sessions.get_mut(key)
                && entry.timer == Some(at)
            {
                entry.timer = None;
                return Some(key);
            }
        }
        None
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.earliest()
    }

    /// Sees to it that a session is asked again in time; `above` is the time of the layer
    /// above.
    pub(super) fn schedule(&mut self, key: SessionKey, above: Option<Instant>) {
        let Some(entry) = self.sessions.get_mut(key) else {
            return;
        };
        let Some(at) = earlier(entry.session.deadline(), above) else {
            return;
        };
        if entry.timer.is_none_or(|timer| at < timer) {
            entry.timer = Some(at);
            self.timers.add(at, key);
            let sessions = &self.sessions;
            self.timers.sweep(sessions.len(), |at, key| {
                sessions
                    .get(key)
                    .is_some_and(|entry| entry.timer == Some(at))
            });
        }
    }

    pub(super) fn shut_down(&mut self) {
        let all: Vec<_> = self.sessions.keys().collect();
        for key in all {
            self.handle(key, Input::Close(CloseReason::ServerShuttingDown));
        }
    }

    pub(super) fn mark(dirty: &mut Vec<SessionKey>, entry: &mut Entry, key: SessionKey) {
        if !entry.dirty {
            entry.dirty = true;
            dirty.push(key);
        }
    }
}
