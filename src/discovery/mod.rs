//! Found by name: `parlor.local` and the services `_https._tcp` and `_http._tcp` on the home
//! network.
//!
//! It stands beside the server, on the path of no byte: the process says on which interfaces and
//! with which addresses to announce, and asks which names came of it. Rules: RFC 6762 (mDNS) and
//! RFC 6763 (services), which the crate mdns-sd implements in a thread of its own. A build without the
//! feature `mdns` has `no_mdns` for `mdns`, and announces nothing.
//!
//! | file | what |
//! |---|---|
//! | `mod` | [`Discovery`]: whether a responder runs, and starting it again |
//! | `mdns/responder` | one run of mdns-sd: what is announced, and names after conflicts |
//! | `mdns/port` | whether UDP port 5353 can be had beside others on this machine |
//! | `mdns/withdrawal` | goodbye for addresses, where mdns-sd says none |
//! | `mdns/query` | asking the network for a name, as another device would |
//!
//! A name that somebody else has is given up for one with a number, for each interface by itself
//! (RFC 6762 section 9), so there may be several names. Other places than before
//! are reason to start over: names must be probed for again on a network that may be another one
//! (section 8), which mdns-sd does not do for an interface that it has seen before, and an address
//! that is gone must be withdrawn.
//!
//! Invariants: nothing here makes the server fail or wait; without places to announce there is no
//! thread and no socket. Left out: conflicts that arise after the announcement, when two networks
//! are joined (mdns-sd looks for them only while probing); browsing.

#[cfg_attr(not(feature = "mdns"), path = "no_mdns.rs")]
mod mdns;

use std::collections::BTreeSet;
use std::future::pending;
use std::net::IpAddr;

#[cfg(feature = "mdns")]
pub use mdns::PortError;
pub use mdns::{Heard, hear};

use mdns::Responder;

/// Interfaces by name, with the addresses to announce there.
pub type Places = BTreeSet<(String, IpAddr)>;

/// What is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The wanted host name: one label, `.local` comes behind it.
    pub name: String,
    /// The service for people to read, such as `Parlor on kitchen-pi`.
    pub instance: String,
    /// TCP port.
    pub port: u16,
    /// Whether HTTPS is spoken there.
    pub https: bool,
    /// Whether plain HTTP is spoken there.
    pub http: bool,
}

/// The announcement of one service over the process's life.
#[derive(Debug)]
pub struct Discovery {
    service: Service,
    responder: Option<Responder>,
    /// What was said last about why there is none.
    complaint: Option<String>,
}

impl Discovery {
    /// Announces nothing yet.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            responder: None,
            complaint: None,
        }
    }

    /// Announces in these places and in no others. To be called again and again: it starts what
    /// could not be started before, or has ended.
    pub async fn cover(&mut self, places: &Places) {
        if let Some(responder) = &self.responder {
            if responder.places() == places {
                // It has lived for a while.
                self.complaint = None;
                return;
            }
            self.stop().await;
        }
        if places.is_empty() {
            return;
        }
        match Responder::start(&self.service, places) {
            Ok(responder) => self.responder = Some(responder),
            Err(error) => self.complain(error.to_string()),
        }
    }

    /// The host names that are announced now, such as `parlor.local`, in lower case; one that is
    /// still probed for is taken for granted.
    pub fn names(&self) -> BTreeSet<String> {
        let responder = self.responder.as_ref();
        responder.map(Responder::names).unwrap_or_default()
    }

    /// Waits until [`names`](Self::names) are others. May be dropped at any time. A thread that has
    /// ended is not waited for: the next [`cover`](Self::cover) starts another, at its own pace, since
    /// that could end at once as well.
    pub async fn changed(&mut self) {
        let Some(responder) = &mut self.responder else {
            return pending().await;
        };
        if responder.renamed().await.is_none() {
            self.responder = None;
            self.complain("its thread has ended".to_owned());
            pending().await
        }
    }

    /// Says goodbye, so that others forget the name at once. Takes a second at most.
    pub async fn stop(&mut self) {
        if let Some(responder) = self.responder.take() {
            responder.stop().await;
        }
    }

    /// Once until something else is wrong, since it is tried every few seconds.
    fn complain(&mut self, reason: String) {
        if self.complaint.as_ref() != Some(&reason) {
            tracing::warn!(
                name = self.service.name,
                reason,
                "cannot be found by name; addresses work as before"
            );
            self.complaint = Some(reason);
        }
    }
}

/// The label to announce, given the wanted one and this machine's name.
///
/// Never the machine's own: that is announced by whoever speaks for the whole machine (avahi,
/// systemd-resolved), with addresses that may be others than ours, and a conflict could make
/// *it* change its name. The next best is what would come of that conflict anyway: a number.
pub fn own_label(wanted: &str, machine: Option<&str>) -> String {
    match machine {
        Some(machine) if machine.eq_ignore_ascii_case(wanted) => format!("{wanted}-2"),
        _ => wanted.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_name_is_not_taken() {
        assert_eq!(own_label("parlor", Some("kitchen-pi")), "parlor");
        assert_eq!(own_label("parlor", None), "parlor");
        assert_eq!(own_label("parlor", Some("Parlor")), "parlor-2");
    }

    fn discovery() -> Discovery {
        Discovery::new(Service {
            name: "parlor".to_owned(),
            instance: "Parlor".to_owned(),
            port: 4000,
            https: true,
            http: true,
        })
    }

    fn run<F: Future>(test: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(test)
    }

    #[test]
    fn without_places_nothing_is_started() {
        let mut discovery = discovery();
        run(discovery.cover(&Places::default()));
        assert!(discovery.responder.is_none() && discovery.names().is_empty());
    }

    #[cfg(feature = "mdns")]
    #[test]
    fn a_thread_that_has_ended_is_no_reason_to_look_at_once() {
        use std::pin::pin;
        use std::task::{Context, Waker};

        let mut discovery = discovery();
        discovery.responder = Some(run(Responder::ended()));
        let first = pin!(discovery.changed()).poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending());
        assert!(discovery.responder.is_none() && discovery.complaint.is_some());
    }
}
