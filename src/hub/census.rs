//! How many sessions there are, in all, by address, and of those that have said nothing yet.
//!
//! It stands before [`Engine::open`](super::Engine): a session over long-polling needs no connection
//! between two requests, so connections alone do not bound them. A session counts as much as a
//! connection does, in all and by address ([`Party`]); who has a handshake and sends nothing has
//! fewer places ([`Limits::max_waiting_sessions`]), so that those who only knock leave room for those
//! who come in.
//!
//! Invariant: an address is here while it has a session, and no longer.

use crate::config::Limits;
use crate::engineio::Reject;
use crate::party::Party;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Census {
    by_address: HashMap<Party, u32>,
    all: usize,
    silent: usize,
}

impl Census {
    /// Counts a session in, which has said nothing yet unless it is `heard`.
    ///
    /// # Errors
    /// [`Reject::TooManyHandshakes`] if its address has as many as it may, [`Reject::Full`] if the
    /// server has.
    pub(super) fn enter(
        &mut self,
        party: Party,
        heard: bool,
        limits: &Limits,
    ) -> Result<(), Reject> {
        if self.all >= limits.max_connections
            || (!heard && self.silent >= limits.max_waiting_sessions)
        {
            return Err(Reject::Full);
        }
        match self.by_address.entry(party) {
            Entry::Occupied(own) if *own.get() as usize >= limits.max_connections_per_address => {
                return Err(Reject::TooManyHandshakes);
            }
            Entry::Occupied(mut own) => *own.get_mut() += 1,
            Entry::Vacant(own) => _ = own.insert(1),
        }
        self.all += 1;
        self.silent += usize::from(!heard);
        Ok(())
    }

    /// One of the silent has said something.
    pub(super) fn hear(&mut self) {
        self.silent = self.silent.saturating_sub(1);
    }

    /// Counts a session out.
    pub(super) fn leave(&mut self, party: Party, heard: bool) {
        self.all = self.all.saturating_sub(1);
        self.silent = self.silent.saturating_sub(usize::from(!heard));
        if let Entry::Occupied(mut own) = self.by_address.entry(party) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn party(n: u32) -> Party {
        IpAddr::V4(Ipv4Addr::from_bits(n)).into()
    }

    #[test]
    fn sessions_are_counted_in_all_by_address_and_while_they_say_nothing() {
        let limits = Limits {
            max_connections: 4,
            max_connections_per_address: 2,
            max_waiting_sessions: 3,
            ..Limits::default()
        };
        let mut census = Census::default();
        let enter = |census: &mut Census, n| census.enter(party(n), false, &limits);
        assert_eq!(enter(&mut census, 1), Ok(()));
        assert_eq!(enter(&mut census, 1), Ok(()));
        assert_eq!(enter(&mut census, 1), Err(Reject::TooManyHandshakes));
        assert_eq!(enter(&mut census, 2), Ok(()));
        assert_eq!(
            enter(&mut census, 3),
            Err(Reject::Full),
            "three say nothing"
        );
        census.hear();
        assert_eq!(enter(&mut census, 3), Ok(()));
        census.hear();
        assert_eq!(enter(&mut census, 4), Err(Reject::Full), "four in all");
        census.leave(party(1), true);
        assert_eq!(enter(&mut census, 1), Ok(()));
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let mut census = Census::default();
        for n in 0..100 {
            let heard = n % 2 == 0;
            assert_eq!(census.enter(party(n), heard, &Limits::default()), Ok(()));
            census.leave(party(n), heard);
        }
        assert!(census.by_address.is_empty());
        assert_eq!((census.all, census.silent), (0, 0));
    }
}
