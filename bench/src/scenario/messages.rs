//! The messages of a call, in the size that browsers send them, and what the other side must get.
//!
//! The members of each object are in alphabetical order: socketioxide parses what it relays and
//! writes it anew in that order, and what arrives is compared byte by byte.

use crate::server::Server;

/// Digits that tell the messages of one room apart.
const DIGITS: usize = 10;
/// The frame's payload as it is sent, with a room of six characters.
const CANDIDATE_BYTES: usize = 213;
const OFFER_BYTES: usize = 3 * 1024;

/// A message that is sent again and again with its number in it.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    sent: Vec<u8>,
    expected: Vec<u8>,
    /// Where the number stands.
    at: usize,
}

impl Numbered {
    /// An ICE candidate of 213 bytes.
    pub(crate) fn candidate(server: Server, room: &str) -> Self {
        let event = |number: &str, fill: &str| {
            format!(
                "42[\"candidate\",{{\"candidate\":\"candidate:{number} 1 udp 2122260223 \
                 192.168.1.23 46154 typ host generation 0 ufrag EsAw{fill}\",\"sdpMLineIndex\":0,\
                 \"sdpMid\":\"0\",\"usernameFragment\":\"EsAw\"}}"
            )
        };
        Self::new(server, room, CANDIDATE_BYTES, event)
    }

    /// An offer of 3 KB.
    pub(crate) fn offer(server: Server, room: &str) -> Self {
        Self::description(server, room, "offer")
    }

    /// The answer to it.
    pub(crate) fn answer(server: Server, room: &str) -> Self {
        Self::description(server, room, "answer")
    }

    fn description(server: Server, room: &str, kind: &str) -> Self {
        let lines =
            "a=rtpmap:96 VP8/90000\\r\\na=rtcp-fb:96 goog-remb\\r\\na=rtcp-fb:96 nack pli\\r\\n";
        let event = |number: &str, fill: &str| {
            format!(
                "42[\"{kind}\",{{\"sdp\":\"v=0\\r\\no=- {number} 2 IN IP4 127.0.0.1\\r\\n{}\
                 a=x-fill:{fill}\\r\\n\",\"type\":\"{kind}\"}}",
                lines.repeat(30)
            )
        };
        Self::new(server, room, OFFER_BYTES, event)
    }

    fn new(server: Server, room: &str, size: usize, event: impl Fn(&str, &str) -> String) -> Self {
        let number = "#".repeat(DIGITS);
        let end = format!(",\"{room}\"]");
        let short = event(&number, "").len() + end.len();
        let text = event(&number, &"f".repeat(size.saturating_sub(short)));
        let sent = format!("{text}{end}");
        let at = sent.find('#').unwrap_or_default();
        let expected = if server.relays_verbatim() {
            sent.clone()
        } else {
            format!("{text}]")
        };
        Self {
            sent: sent.into_bytes(),
            expected: expected.into_bytes(),
            at,
        }
    }

    /// What is sent with this number.
    pub(crate) fn sent(&mut self, number: usize) -> &[u8] {
        Self::write(&mut self.sent, self.at, number);
        &self.sent
    }

    /// What arrives then.
    pub(crate) fn expected(&mut self, number: usize) -> &[u8] {
        Self::write(&mut self.expected, self.at, number);
        &self.expected
    }

    fn write(text: &mut [u8], at: usize, mut number: usize) {
        for place in text.iter_mut().skip(at).take(DIGITS).rev() {
            // The first digit is never zero, so that it may be a number as well.
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        if let Some(first) = text.get_mut(at) {
            *first = b'1';
        }
    }
}

/// An event with the room's name only.
pub(crate) fn event(name: &str, room: &str) -> Vec<u8> {
    format!("42[\"{name}\",\"{room}\"]").into_bytes()
}

/// What the partner gets of it.
pub(crate) fn relayed(server: Server, name: &str, room: &str) -> Vec<u8> {
    if server.relays_verbatim() {
        event(name, room)
    } else {
        format!("42[\"{name}\"]").into_bytes()
    }
}

/// A room's name of six characters.
pub(crate) fn room(number: usize) -> String {
    format!("r{number:05}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_has_213_bytes_and_an_offer_3_kilobytes() {
        let room = room(7);
        let mut candidate = Numbered::candidate(Server::Parlor, &room);
        assert_eq!(candidate.sent(1).len(), 213);
        assert_eq!(Numbered::offer(Server::Parlor, &room).sent(1).len(), 3072);
    }

    #[test]
    fn the_room_is_dropped_but_by_the_floor() {
        let mut relayed = Numbered::candidate(Server::Parlor, "r00001");
        let sent = relayed.sent(42).to_vec();
        let expected = relayed.expected(42).to_vec();
        let room = b",\"r00001\"]";
        assert_eq!(sent.strip_suffix(room), expected.strip_suffix(b"]"));
        let mut verbatim = Numbered::candidate(Server::Floor, "r00001");
        assert_eq!(verbatim.sent(42).to_vec(), verbatim.expected(42));
    }

    #[test]
    fn numbers_make_different_messages() {
        let mut candidate = Numbered::candidate(Server::Parlor, "r00001");
        assert_ne!(candidate.sent(1).to_vec(), candidate.sent(2).to_vec());
    }
}
