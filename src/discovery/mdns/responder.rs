//! One run of mdns-sd: its settings, what it announces, and the names that come of it.
//!
//! It stands between [`Discovery`](crate::discovery::Discovery) and the crate's thread, to which it sends
//! commands and from which it gets events. The crate announces on every interface unless told
//! otherwise, so all are switched off first and the wanted places on again. Rule for names: RFC 6762
//! section 9.
//!
//! Cost: a thread that wakes every [`RELIST_SECONDS`] and with each packet for port 5353.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mdns_sd::{
    DaemonEvent, DnsNameChange, IfKind, IfPredicate, RRType, Receiver, ServiceDaemon, ServiceInfo,
};

use super::{Places, PortError, Service, port, withdrawal};

/// How often the crate lists the interfaces, for an address that goes and comes back between two
/// listings of the process.
const RELIST_SECONDS: u32 = 10;

/// Time for the goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Bytes in an instance's name: 63 (RFC 6763 section 4.1.1) without room for a number.
const MAX_INSTANCE: usize = 56;

/// Why the responder did not start.
#[derive(Debug, thiserror::Error)]
pub(in crate::discovery) enum StartError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("mDNS: {0}")]
    Responder(#[from] mdns_sd::Error),
}

pub(in crate::discovery) struct Responder {
    daemon: ServiceDaemon,
    events: Receiver<DaemonEvent>,
    places: Places,
    names: Names,
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Responder {
    /// Starts a thread that probes for the name, which takes about a second, and announces it.
    pub(in crate::discovery) fn start(
        service: &Service,
        places: &Places,
    ) -> Result<Self, StartError> {
        port::check(places)?;
        let daemon = ServiceDaemon::new()?;
        match Self::instruct(&daemon, service, places) {
            Ok(events) => Ok(Self {
                daemon,
                events,
                places: places.clone(),
                names: Names::new(format!("{}.local", service.name)),
            }),
            Err(error) => {
                let _ = daemon.shutdown();
                Err(error.into())
            }
        }
    }

    fn instruct(
        daemon: &ServiceDaemon,
        service: &Service,
        places: &Places,
    ) -> mdns_sd::Result<Receiver<DaemonEvent>> {
        let wanted = places.clone();
        let chosen = IfPredicate::new(move |one| wanted.contains(&(one.name.clone(), one.ip())));
        daemon.set_ip_check_interval(RELIST_SECONDS)?;
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::Predicate(chosen))?;
        let events = daemon.monitor()?;
        let kinds = [
            (service.https, "_https._tcp.local."),
            (service.http, "_http._tcp.local."),
        ];
        for (_, kind) in kinds.into_iter().filter(|(spoken, _)| *spoken) {
            let info = ServiceInfo::new(
                kind,
                instance(&service.instance),
                &format!("{}.local.", service.name),
                (),
                service.port,
                &[("path", "/")][..],
            )?;
            daemon.register(info.enable_addr_auto())?;
        }
        Ok(events)
    }

    /// Where it announces.
    pub(in crate::discovery) fn places(&self) -> &Places {
        &self.places
    }

    /// The host names on all interfaces.
    pub(in crate::discovery) fn names(&self) -> BTreeSet<String> {
        let interfaces = self.places.iter().map(|(interface, _)| interface);
        interfaces
            .map(|interface| self.names.on(interface).to_owned())
            .collect()
    }

    /// The next host name that had to be changed; none if the thread has ended.
    pub(in crate::discovery) async fn renamed(&mut self) -> Option<()> {
        loop {
            match self.events.recv_async().await.ok()? {
                DaemonEvent::NameChange(change) if self.names.change(&change) => return Some(()),
                DaemonEvent::Error(error) => tracing::debug!(%error, "mDNS"),
                _ => {}
            }
        }
    }

    /// One whose thread has ended. It has announced nothing, on a port of its own.
    #[cfg(test)]
    pub(in crate::discovery) async fn ended() -> Self {
        let daemon = ServiceDaemon::new_with_port(0).unwrap();
        let events = daemon.monitor().unwrap();
        daemon.shutdown().unwrap();
        while events.recv_async().await.is_ok() {}
        Self {
            daemon,
            events,
            places: Places::default(),
            names: Names::new("parlor.local".to_owned()),
        }
    }

    pub(in crate::discovery) async fn stop(self) {
        if let Ok(stopped) = self.daemon.shutdown() {
            let _ = tokio::time::timeout(GOODBYE, stopped.recv_async()).await;
        }
        withdrawal::send(&self.places, |interface| self.names.on(interface));
    }
}

/// The wanted name, and what became of it where it was taken.
#[derive(Debug)]
struct Names {
    wanted: String,
    /// By interface.
    changed: BTreeMap<String, String>,
}

impl Names {
    fn new(wanted: String) -> Self {
        Self {
            wanted,
            changed: BTreeMap::new(),
        }
    }

    fn on(&self, interface: &str) -> &str {
        self.changed.get(interface).unwrap_or(&self.wanted)
    }

    /// Whether the host name is another now; the service has one of its own, which can change too.
    fn change(&mut self, change: &DnsNameChange) -> bool {
        if !matches!(change.rr_type, RRType::A | RRType::AAAA) {
            return false;
        }
        let name = change.new_name.trim_end_matches('.').to_ascii_lowercase();
        if self.changed.get(&change.intf_name) == Some(&name) {
            return false;
        }
        tracing::info!(
            taken = change.original.trim_end_matches('.'),
            name,
            interface = change.intf_name,
            "somebody else has the name"
        );
        self.changed.insert(change.intf_name.clone(), name);
        true
    }
}

/// An instance's name that fits, cut between two characters.
fn instance(text: &str) -> &str {
    let fits = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=MAX_INSTANCE.min(text.len())).rev().find(fits);
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(rr_type: RRType, new_name: &str, interface: &str) -> DnsNameChange {
        DnsNameChange {
            original: "parlor.local.".to_owned(),
            new_name: new_name.to_owned(),
            rr_type,
            intf_name: interface.to_owned(),
        }
    }

    #[test]
    fn a_name_is_changed_on_one_interface_alone() {
        let mut names = Names::new("parlor.local".to_owned());
        assert!(names.change(&change(RRType::A, "Parlor-2.local.", "wlan0")));
        assert_eq!(names.on("eth0"), "parlor.local");
        assert_eq!(names.on("wlan0"), "parlor-2.local");
    }

    #[test]
    fn the_same_change_for_another_record_is_no_news() {
        let mut names = Names::new("parlor.local".to_owned());
        assert!(names.change(&change(RRType::A, "parlor-2.local.", "eth0")));
        assert!(!names.change(&change(RRType::AAAA, "parlor-2.local.", "eth0")));
        assert!(names.change(&change(RRType::A, "parlor-3.local.", "eth0")));
        assert!(!names.change(&change(RRType::SRV, "Parlor (2)._http._tcp.local.", "eth0")));
    }

    #[test]
    fn a_long_instance_name_is_cut_between_characters() {
        assert_eq!(instance("Parlor on kitchen-pi"), "Parlor on kitchen-pi");
        let long = "ü".repeat(40);
        assert_eq!(instance(&long), "ü".repeat(28));
        assert_eq!(instance(&format!("x{long}")).len(), 55);
    }
}
