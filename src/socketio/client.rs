//! One Socket.IO connection: it joins attachments to their packet and knows which sockets the
//! client has, one a namespace.
//!
//! While attachments are due nothing else may come, not even an answer: text then, or an
//! attachment that nobody announced, breaks the protocol.

use super::attachments::{Assembly, placeholders};
use super::decode::{Body, Packet, decode};
use super::error::DecodeError;
use super::registry::SocketKey;
use crate::engineio::{Message, Request};
use crate::rate::Bucket;
use std::time::Instant;

/// A client of the server.
#[derive(Debug)]
pub struct Client {
    /// Nearly every client has one socket, so the others have a place of their own.
    first: Option<SocketKey>,
    /// What an idle client has not, hence boxed.
    rare: Option<Box<Rare>>,
    pub(crate) events: Bucket,
    /// Events dropped because they came too fast.
    pub(crate) dropped: u32,
}

const _: () = assert!(size_of::<Client>() <= 40);

/// What a client has in the beginning or for a while.
#[derive(Debug, Default)]
struct Rare {
    others: Vec<SocketKey>,
    assembly: Option<Box<Assembly>>,
    /// The handshake's request, while it may be asked for.
    request: Option<Box<KeptRequest>>,
    /// When it must have joined a namespace; `None` once it has.
    connect_by: Option<Instant>,
}

impl Rare {
    fn is_empty(&self) -> bool {
        self.others.is_empty()
            && self.assembly.is_none()
            && self.request.is_none()
            && self.connect_by.is_none()
    }
}

/// A request that is kept for the namespaces that the client joins.
#[derive(Debug)]
pub(crate) struct KeptRequest {
    pub(crate) until: Instant,
    pub(crate) request: Request,
}

/// What a message amounts to.
#[derive(Debug)]
pub enum Received<'a> {
    /// Attachments are still due.
    Incomplete,
    /// A packet without attachments.
    Packet(Packet<'a>),
    /// A packet with all its attachments.
    Assembled(Box<Assembly>),
}

impl Client {
    /// A client that has joined no namespace yet.
    pub fn new(connect_by: Instant, events: Bucket) -> Self {
        Self {
            first: None,
            rare: Some(Box::new(Rare {
                connect_by: Some(connect_by),
                ..Rare::default()
            })),
            events,
            dropped: 0,
        }
    }

    /// Changes what is rare, and drops it once there is nothing in it.
    fn change<R>(&mut self, change: impl FnOnce(&mut Rare) -> R) -> R {
        let mut rare = self.rare.take().unwrap_or_default();
        let result = change(&mut rare);
        self.rare = Some(rare).filter(|rare| !rare.is_empty());
        result
    }

    /// Takes one message.
    ///
    /// # Errors
    /// [`DecodeError`] if it breaks the protocol.
    pub fn receive<'a>(
        &mut self,
        message: Message<'a>,
        max_attachments: usize,
    ) -> Result<Received<'a>, DecodeError> {
        let assembly = self.rare.as_mut().and_then(|it| it.assembly.as_mut());
        match (message, assembly) {
            (Message::Text(text), None) => {
                let packet = decode(text, max_attachments)?;
                if packet.attachments == 0 {
                    return Ok(Received::Packet(packet));
                }
                if let Body::Event { args, .. } | Body::Ack { args, .. } = packet.body {
                    placeholders(args, packet.attachments)?;
                }
                let assembly = Assembly::new(text, packet.attachments);
                self.change(|rare| rare.assembly = Some(Box::new(assembly)));
                Ok(Received::Incomplete)
            }
            (Message::Binary(bytes), Some(assembly)) => {
                assembly.add(bytes);
                let whole =
                    self.change(|rare| rare.assembly.take_if(|assembly| assembly.is_complete()));
                Ok(whole.map_or(Received::Incomplete, Received::Assembled))
            }
            (Message::Text(_), Some(_)) | (Message::Binary(_), None) => {
                Err(DecodeError::UnexpectedKind)
            }
        }
    }

    /// Bytes held for a packet that is not complete.
    pub fn buffered_bytes(&self) -> usize {
        let assembly = self.rare.as_ref().and_then(|it| it.assembly.as_ref());
        assembly.map_or(0, |assembly| assembly.bytes())
    }

    /// Has the rest of a packet that is not complete due by then.
    pub(crate) fn expect_more(&mut self, by: Instant) {
        self.change(|rare| {
            if let Some(assembly) = &mut rare.assembly {
                assembly.due = Some(by);
            }
        });
    }

    /// When the next attachment must have come; `None` if none is due.
    pub(crate) fn attachments_by(&self) -> Option<Instant> {
        self.rare.as_ref()?.assembly.as_ref()?.due
    }

    /// The first of the times by which something must have come.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        // Nearly always there is nothing to be looked at.
        self.rare.as_ref()?;
        let (connect, attachments) = (self.connect_by(), self.attachments_by());
        match (connect, attachments) {
            (Some(connect), Some(attachments)) => Some(connect.min(attachments)),
            (connect, attachments) => connect.or(attachments),
        }
    }

    /// When it must have joined a namespace; `None` once it has.
    pub(crate) fn connect_by(&self) -> Option<Instant> {
        self.rare.as_ref()?.connect_by
    }

    /// Notes that it has joined a namespace.
    pub(crate) fn has_joined(&mut self) {
        self.change(|rare| rare.connect_by = None);
    }

    /// Takes the handshake's request out, to be lent or forgotten.
    pub(crate) fn take_request(&mut self) -> Option<Box<KeptRequest>> {
        self.rare.as_ref()?;
        self.change(|rare| rare.request.take())
    }

    /// Whether the handshake's request is kept.
    #[cfg(test)]
    pub(crate) fn keeps_request(&self) -> bool {
        self.rare.as_ref().is_some_and(|it| it.request.is_some())
    }

    /// Keeps the handshake's request.
    pub(crate) fn keep_request(&mut self, request: Option<Box<KeptRequest>>) {
        self.change(|rare| rare.request = request);
    }

    /// Forgets the handshake's request; returns the bytes that were held for it.
    pub(crate) fn forget_request(&mut self) -> usize {
        let kept = self.take_request();
        kept.map_or(0, |kept| kept.request.bytes())
    }

    /// Forgets the handshake's request if it was kept for long enough.
    pub(crate) fn expire_request(&mut self, now: Instant) -> usize {
        let kept = self.rare.as_ref().and_then(|it| it.request.as_ref());
        match kept.is_some_and(|kept| kept.until <= now) {
            true => self.forget_request(),
            false => 0,
        }
    }

    /// Forgets a packet that is not complete.
    pub fn drop_assembly(&mut self) {
        self.change(|rare| rare.assembly = None);
    }

    /// Its sockets, one a namespace.
    pub fn sockets(&self) -> impl Iterator<Item = SocketKey> + '_ {
        let others = self.rare.iter().flat_map(|rare| &rare.others);
        self.first.into_iter().chain(others.copied())
    }

    /// Notes a socket.
    pub fn add(&mut self, socket: SocketKey) {
        match self.first {
            None => self.first = Some(socket),
            Some(_) => self.change(|rare| rare.others.push(socket)),
        }
    }

    /// Forgets a socket.
    pub fn remove(&mut self, socket: SocketKey) {
        if self.first == Some(socket) {
            self.first = self.change(|rare| rare.others.pop());
        } else {
            self.change(|rare| rare.others.retain(|other| *other != socket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn client() -> Client {
        let now = Instant::now();
        Client::new(now, Bucket::full(now))
    }

    #[test]
    fn a_binary_event_is_whole_when_its_last_attachment_is_there() {
        let mut client = client();
        let text = "52-[\"m\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]";
        assert!(matches!(
            client.receive(Message::Text(text), 10),
            Ok(Received::Incomplete)
        ));
        assert!(matches!(
            client.receive(Message::Binary(b"a"), 10),
            Ok(Received::Incomplete)
        ));
        assert_eq!(client.buffered_bytes(), text.len() + 1);
        let Ok(Received::Assembled(whole)) = client.receive(Message::Binary(b""), 10) else {
            panic!("must be whole")
        };
        assert_eq!(
            (whole.text.as_str(), whole.attachments.as_slice()),
            (text, &["a".into(), Bytes::new()][..])
        );
        assert_eq!(client.buffered_bytes(), 0);
        assert!(matches!(
            client.receive(Message::Text("2[\"a\"]"), 10),
            Ok(Received::Packet(_))
        ));
    }

    #[test]
    fn text_while_attachments_are_due_and_binary_while_none_is_break_the_protocol() {
        let mut one = client();
        assert_eq!(
            one.receive(Message::Binary(b"a"), 10).err(),
            Some(DecodeError::UnexpectedKind)
        );
        let _ = one.receive(
            Message::Text("51-[\"m\",{\"_placeholder\":true,\"num\":0}]"),
            10,
        );
        assert_eq!(
            one.receive(Message::Text("30[]"), 10).err(),
            Some(DecodeError::UnexpectedKind)
        );
    }

    #[test]
    fn a_placeholder_out_of_range_is_refused_before_its_attachments_come() {
        let text = "51-[\"m\",{\"_placeholder\":true,\"num\":1}]";
        assert_eq!(
            client().receive(Message::Text(text), 10).err(),
            Some(DecodeError::Placeholder)
        );
    }

    #[test]
    fn an_attachment_may_be_used_twice_or_not_at_all() {
        let twice =
            "51-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]";
        for text in [twice, "51-[\"m\"]"] {
            let mut client = client();
            assert!(client.receive(Message::Text(text), 10).is_ok());
            assert!(matches!(
                client.receive(Message::Binary(b"a"), 10),
                Ok(Received::Assembled(_))
            ));
        }
    }
}
