//! The keeper: looks every few seconds how this machine can be reached, and makes announcement,
//! certificate and pages agree with it.
//!
//! It stands beside `serve`, on the path of no byte. Each look: list the interfaces, announce on
//! them, ask which names came of it, have the certificate cover names and addresses, publish what
//! can be opened, and by which names ([`Reach`]), to the site. It looks every [`EVERY`], when a name
//! has changed, and on SIGHUP, which has files read again as well, secrets among them.
//!
//! Invariants: it never ends the server, whatever goes wrong; the same complaint is logged once; a
//! certificate covers a name before that name is told. Cost: one wake-up each [`EVERY`].

use std::collections::BTreeSet;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use crate::config;
use crate::discovery::{Discovery, Service, own_label};
use crate::http::Reach;
use crate::process::interfaces;
use crate::process::reach::Situation;
use crate::process::systemd::Manager;
use crate::process::{banner, host};
use crate::tls::{Names, Source, Tls, TlsError};

/// Time between two looks. With mdns-sd's own of ten seconds a new address is announced within 30.
const EVERY: Duration = Duration::from_secs(10);

/// What the keeper knows and keeps.
pub(crate) struct Keeper {
    mdns: config::Mdns,
    /// How things were at the last look.
    situation: Situation,
    tls: Option<Tls>,
    discovery: Option<Discovery>,
    names: LocalNames,
    reach: watch::Sender<Arc<Reach>>,
    /// What was said last about the certificate.
    complaint: Option<String>,
}

impl Keeper {
    /// Opens the certificate, without TLS none. Announces nothing yet.
    ///
    /// # Errors
    /// If there is no certificate to serve.
    pub(crate) fn open(
        config: &config::Parlor,
        bound: Vec<SocketAddr>,
        reach: watch::Sender<Arc<Reach>>,
    ) -> Result<Self, TlsError> {
        let list = interfaces::list().unwrap_or_default();
        for name in interfaces::missing(&list, &config.mdns.interfaces) {
            tracing::warn!(
                interface = name,
                "--mdns-interface: there is none of this name"
            );
        }
        let mut keeper = Self {
            mdns: config.mdns.clone(),
            situation: Situation {
                schemes: config.site.schemes,
                bound,
                home: interfaces::home(&list, &config.mdns.interfaces),
                machine: host::name(),
            },
            tls: None,
            discovery: None,
            names: LocalNames::default(),
            reach,
            complaint: None,
        };
        let situation = &keeper.situation;
        let schemes = situation.schemes;
        let label = own_label(&config.mdns.name, situation.machine.as_deref());
        if let Some(port) = situation.port().filter(|_| config.mdns.enabled) {
            keeper.names = LocalNames::new(&format!("{label}.local"));
            keeper.discovery = Some(Discovery::new(Service {
                name: label,
                instance: situation
                    .machine
                    .as_ref()
                    .map_or_else(|| "Parlor".to_owned(), |name| format!("Parlor on {name}")),
                port,
                https: schemes != config::Schemes::HttpOnly,
                http: schemes != config::Schemes::HttpsOnly,
            }));
        }
        if schemes != config::Schemes::HttpOnly {
            if config.tls.own.is_none() && config.tls.state_dir.is_none() {
                tracing::warn!(
                    "no directory to keep the certificate in: after a restart devices have to \
                     trust another authority; --state-dir gives one"
                );
            }
            keeper.tls = Some(Tls::open(
                &config.tls,
                situation.machine.as_deref(),
                &situation.names(&keeper.names.covered),
                SystemTime::now(),
            )?);
        }
        keeper.say_what_is_not_told();
        Ok(keeper)
    }

    /// A certificate of the user's own need not be for the name that is announced.
    fn say_what_is_not_told(&self) {
        let Some(served) = self.tls.as_ref().map(Tls::served) else {
            return;
        };
        let own = matches!(served.source, Source::Own(_));
        for name in self.names.wanted.iter().filter(|_| own) {
            if !served.covers_name(name) {
                tracing::info!(
                    name,
                    "the name is not told, since the certificate does not cover it"
                );
            }
        }
    }

    /// The certificate, unless only plain HTTP is spoken.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// How things were at the last look.
    pub(crate) fn situation(&self) -> &Situation {
        &self.situation
    }

    /// One look; what can be opened after it.
    async fn look(&mut self, files_too: bool) -> Arc<Reach> {
        match interfaces::list() {
            Ok(list) => self.situation.home = interfaces::home(&list, &self.mdns.interfaces),
            Err(error) => tracing::debug!(%error, "the interfaces are taken to be as they were"),
        }
        self.situation.machine = host::name();
        self.agree(files_too).await
    }

    /// Makes everything agree with what was seen last; what can be opened then.
    pub(crate) async fn agree(&mut self, files_too: bool) -> Arc<Reach> {
        let situation = &self.situation;
        let mut announced = BTreeSet::new();
        if let Some(discovery) = &mut self.discovery {
            discovery.cover(&situation.places()).await;
            announced = discovery.names();
        }
        self.names.follow(&announced);
        let names = situation.names(&self.names.covered);
        let mut hosts = names.dns.clone();
        hosts.extend(host::full_name());
        self.certify(names, files_too).await;
        let served = self.tls.as_ref().map(Tls::served);
        hosts.extend(served.iter().flat_map(|served| served.dns.iter().cloned()));
        let reach = Arc::new(Reach {
            hosts: hosts.into_iter().collect(),
            ..self.situation.reach(&announced, served.as_deref())
        });
        self.reach.send_if_modified(|known| {
            let news = **known != *reach;
            *known = Arc::clone(&reach);
            news
        });
        reach
    }

    /// Looks again and again until `stop` is done, then says goodbye. At each SIGHUP it has `secrets` read
    /// again too, and the service manager is told when all of it is done.
    pub(crate) async fn run(
        mut self,
        mut hangup: Signal,
        secrets: impl Fn(),
        manager: Manager,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = pin!(stop);
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset();
        let mut known = Arc::clone(&self.reach.borrow());
        loop {
            let why = self.woken(&mut tick, &mut hangup, stop.as_mut()).await;
            if why == Why::Stop {
                break;
            }
            if why == Why::Hangup {
                manager.reloading().await;
                secrets();
            }
            let reach = self.look(why == Why::Hangup).await;
            let status = || banner::status(&self.situation, &reach);
            if why == Why::Hangup {
                manager.reloaded(&status()).await;
            }
            if (&reach.names, &reach.addresses) != (&known.names, &known.addresses) {
                let open = [&reach.names[..], &reach.addresses[..]].concat().join(" ");
                tracing::info!(open, "addresses have changed");
                banner::print_again(&self.situation, &reach);
                manager.status(&status()).await;
            }
            known = reach;
        }
        if let Some(discovery) = &mut self.discovery {
            discovery.stop().await;
        }
    }

    async fn woken(
        &mut self,
        tick: &mut Interval,
        hangup: &mut Signal,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Why {
        let mut renamed = pin!(async {
            match &mut self.discovery {
                Some(discovery) => discovery.changed().await,
                None => pending().await,
            }
        });
        poll_fn(|context| {
            if stop.as_mut().poll(context).is_ready() {
                Poll::Ready(Why::Stop)
            } else if hangup.poll_recv(context).is_ready() {
                Poll::Ready(Why::Hangup)
            } else if renamed.as_mut().poll(context).is_ready()
                || tick.poll_tick(context).is_ready()
            {
                Poll::Ready(Why::Time)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Has the certificate cover these names. Files are read and written, which a memory card can
    /// make slow, so it is done beside the reactor.
    async fn certify(&mut self, names: Names, files_too: bool) {
        let Some(tls) = self.tls.clone() else {
            return;
        };
        // Nearly always there is nothing to do, and so no thread to keep for it.
        if !files_too && tls.is_settled(&names, SystemTime::now()) {
            self.complaint = None;
            return;
        }
        let done = tokio::task::spawn_blocking(move || {
            let now = SystemTime::now();
            if files_too {
                tls.reload(&names, now)
            } else {
                tls.refresh(&names, now)
            }
        });
        let complaint = match done.await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if complaint.is_some() && (files_too || complaint != self.complaint) {
            tracing::warn!(reason = complaint, "the certificate stays as it is");
        }
        self.complaint = complaint;
    }
}

/// Names in `.local` that the certificate covers. Browsers warn of each new certificate once more,
/// so they stay while the network is away, and the wanted one stays when another has it: each start
/// begins with it, and would make two certificates on its way to the same name as before.
#[derive(Debug, Default)]
struct LocalNames {
    wanted: BTreeSet<String>,
    /// The wanted one, and what became of it.
    covered: BTreeSet<String>,
}

impl LocalNames {
    fn new(wanted: &str) -> Self {
        let wanted = BTreeSet::from([wanted.to_owned()]);
        Self {
            covered: wanted.clone(),
            wanted,
        }
    }

    fn follow(&mut self, announced: &BTreeSet<String>) {
        if !announced.is_empty() {
            self.covered = &self.wanted | announced;
        }
    }
}

/// Why to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is time, or a name has changed.
    Time,
    /// SIGHUP.
    Hangup,
    /// Not any more.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_keeps_the_wanted_name_when_another_has_it() {
        let set = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|&name| name.to_owned()).collect()
        };
        let mut names = LocalNames::new("parlor.local");
        assert_eq!(names.covered, set(&["parlor.local"]));
        for (announced, covered) in [
            (
                &["parlor-2.local"][..],
                &["parlor-2.local", "parlor.local"][..],
            ),
            // The network is away.
            (&[], &["parlor-2.local", "parlor.local"]),
            // It is probed for again.
            (&["parlor.local"], &["parlor.local"]),
            (&["parlor-3.local"], &["parlor-3.local", "parlor.local"]),
        ] {
            names.follow(&set(announced));
            assert_eq!(names.covered, set(covered), "{announced:?}");
        }
    }
}
