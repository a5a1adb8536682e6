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
    others: Vec<SocketKey>,
    assembly: Option<Box<Assembly>>,
    /// The handshake's request, while it may be asked for.
    pub(crate) request: Option<Box<KeptRequest>>,
    /// When it must have joined a namespace; `None` once it has.
    pub(crate) connect_by: Option<Instant>,
    pub(crate) events: Bucket,
    /// Events dropped because they came too fast.
    pub(crate) dropped: u32,
}

const _: () = assert!(size_of::<Client>() <= 104);

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
            others: Vec::new(),
            assembly: None,
            request: None,
            connect_by: Some(connect_by),
            events,
            dropped: 0,
        }
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
        match (message, self.assembly.as_mut()) {
            (Message::Text(text), None) => {
                let packet = decode(text, max_attachments)?;
                if packet.attachments == 0 {
                    return Ok(Received::Packet(packet));
                }
                if let Body::Event { args, .. } | Body::Ack { args, .. } = packet.body {
                    placeholders(args, packet.attachments)?;
                }
                self.assembly = Some(Box::new(Assembly::new(text, packet.attachments)));
                Ok(Received::Incomplete)
            }
            (Message::Binary(bytes), Some(assembly)) => {
                assembly.add(bytes);
                match self.assembly.take_if(|assembly| assembly.is_complete()) {
                    Some(assembly) => Ok(Received::Assembled(assembly)),
                    None => Ok(Received::Incomplete),
                }
            }
            (Message::Text(_), Some(_)) | (Message::Binary(_), None) => {
                Err(DecodeError::UnexpectedKind)
            }
        }
    }

    /// Bytes held for a packet that is not complete.
    pub fn buffered_bytes(&self) -> usize {
        self.assembly
            .as_ref()
            .map_or(0, |assembly| assembly.bytes())
    }

    /// Forgets the handshake's request; returns the bytes that were held for it.
    pub(crate) fn forget_request(&mut self) -> usize {
        let kept = self.request.take();
        kept.map_or(0, |kept| kept.request.bytes())
    }

    /// Forgets a packet that is not complete.
    pub fn drop_assembly(&mut self) {
        self.assembly = None;
    }

    /// Its sockets, one a namespace.
    pub fn sockets(&self) -> impl Iterator<Item = SocketKey> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    /// Notes a socket.
    pub fn add(&mut self, socket: SocketKey) {
        match self.first {
            None => self.first = Some(socket),
            Some(_) => self.others.push(socket),
        }
    }

    /// Forgets a socket.
    pub fn remove(&mut self, socket: SocketKey) {
        if self.first == Some(socket) {
            self.first = self.others.pop();
        } else {
            self.others.retain(|other| *other != socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn client() -> Client {
        let now = Instant::now();
        Client::new(now, Bucket::full(1, now))
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
