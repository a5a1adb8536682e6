//! The door of a server with a passcode: who may connect, and how fast one may guess.
//!
//! It stands before a seat, in the [admission](crate::socketio::Application::admit) of every connect.
//!
//! | what is presented | answer |
//! |---|---|
//! | nothing | refused at once: it is no guess, every page begins so |
//! | the first [`AT_ONCE`] of an address | judged at once |
//! | further ones | judged one after the other, one each [`PAUSE`] |
//! | one that would wait for longer than [`PATIENCE`] | not judged, to be tried again |
//!
//! An address (as its [`Party`]) is one guesser, whatever its number of sockets. Guesses wait in the
//! order in which they came, the right one too, so asking on many sockets at once is no faster. But only
//! wrong ones use up what may be judged: who knows the passcode and comes often, as many devices
//! behind one address do, waits only while somebody there guesses, for [`PATIENCE`] at most, or is to try
//! again. A guess counts even if its socket does not wait for the answer.
//!
//! So who guesses faster than one each [`PAUSE`], and does not stop, keeps everybody at the same address
//! out meanwhile. There is no way around it here: if the right word were heard while others are refused,
//! being heard would tell it from them, and guessing on many sockets would be fast.
//!
//! Invariants: nothing that was presented is kept here. [`MAX_REMEMBERED`] addresses are told apart, 32
//! bytes each; beyond that new ones share one place and are slowed together, until others have
//! rested. [`MAX_WAITING`] guesses wait, those beyond are not judged.

use super::passcode::presented;
use crate::party::Party;
use crate::socketio::{Admission, Arg, Refusal, SocketKey};
use crate::stats::Stats;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wrong guesses of a rested address that may follow each other at once.
const AT_ONCE: u32 = 5;

/// Time that each wrong guess costs.
const PAUSE: Duration = Duration::from_secs(2);

/// Longest time that a guess waits to be judged, well within the time to connect.
const PATIENCE: Duration = Duration::from_secs(10);

/// Addresses that are told apart.
const MAX_REMEMBERED: usize = 4096;

/// Guesses that wait at one time, of all addresses.
const MAX_WAITING: usize = 1024;

/// Whether a word is the passcode.
type Check = Box<dyn Fn(&str) -> bool + Send>;

/// Decides who may connect.
pub(super) struct Door {
    /// `None` is no passcode: everybody may.
    check: Option<Check>,
    stats: Arc<Stats>,
    /// When an address will have rested from its wrong guesses.
    rested_at: HashMap<Party, Instant>,
    /// Whether those who wait have guessed right, and when it is told.
    waiting: BTreeMap<(Instant, SocketKey), bool>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("is_locked", &self.check.is_some())
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A door that everybody passes.
    pub(super) fn open(stats: Arc<Stats>) -> Self {
        Self {
            check: None,
            stats,
            rested_at: HashMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// From now on it is passed with the right word only.
    pub(super) fn lock(&mut self, check: Check) {
        self.check = Some(check);
    }

    /// A socket asks to connect.
    pub(super) fn knock(
        &mut self,
        now: Instant,
        socket: SocketKey,
        address: IpAddr,
        auth: Arg<'_>,
    ) -> Admission {
        let Some(check) = &self.check else {
            return Admission::Accept;
        };
        let Some(word) = presented(auth) else {
            return Admission::Refuse(wrong());
        };
        let right = check(&word);
        let party = self.party(address, now);
        let rest = self.rested_at.get(&party);
        let rest = rest.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let wait = (rest + PAUSE).saturating_sub(PAUSE * AT_ONCE);
        if wait > PATIENCE || (!wait.is_zero() && self.waiting.len() >= MAX_WAITING) {
            self.stats.passcodes_limited.add();
            tracing::debug!(%address, "too many wrong passcodes");
            return Admission::Refuse(later());
        }
        if !right {
            self.stats.passcodes_wrong.add();
            tracing::debug!(%address, "a wrong passcode");
            self.rested_at.insert(party, now + rest + PAUSE);
        }
        if !wait.is_zero() {
            self.stats.passcodes_delayed.add();
            self.waiting.insert((now + wait, socket), right);
            return Admission::Later;
        }
        match right {
            true => Admission::Accept,
            false => Admission::Refuse(wrong()),
        }
    }

    /// What an address counts as, as long as there is a place to remember it.
    fn party(&mut self, address: IpAddr, now: Instant) -> Party {
        let party = Party::from(address);
        if self.rested_at.len() < MAX_REMEMBERED || self.rested_at.contains_key(&party) {
            return party;
        }
        self.rested_at.retain(|_, at| *at > now);
        match self.rested_at.len() < MAX_REMEMBERED {
            true => party,
            false => Party::OTHERS,
        }
    }

    /// When [`tell`](Self::tell) has something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// The next socket that is to be told now, and whether it may connect; if not, as [`wrong`] says.
    pub(super) fn tell(&mut self, now: Instant) -> Option<(SocketKey, bool)> {
        self.deadline().filter(|at| *at <= now)?;
        let ((_, socket), right) = self.waiting.pop_first()?;
        Some((socket, right))
    }
}

/// No passcode, or a wrong one.
pub(super) fn wrong() -> Refusal {
    refusal("The passcode is missing or wrong", "passcode")
}

/// A guess that was not looked at.
fn later() -> Refusal {
    refusal(
        "Too many wrong passcodes came from this address, try again later",
        "later",
    )
}

fn refusal(message: &str, code: &str) -> Refusal {
    Refusal::new(message).with_data(&serde_json::json!({ "code": code }))
}

#[cfg(test)]
mod tests;
