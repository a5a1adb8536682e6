//! Asking the network for a name, as another device would.
//!
//! It stands in `parlor doctor`: a question on one interface, and whether an answer to it is heard
//! there. The question reaches the responder on this machine the same way as one from outside,
//! because multicast is handed back to the machine that sends it. Rule: RFC 6762 section 5.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{HostnameResolutionEvent, IfKind, ServiceDaemon};

use super::{Places, PortError, port};

/// What came of a question.
#[derive(Debug)]
pub enum Heard {
    /// Somebody said that the name has this address.
    Yes,
    /// Nobody did in time.
    No,
    /// It could not be asked.
    Cannot(String),
}

/// Asks for `name` (such as `parlor.local`) on this interface, and waits this long for an answer
/// with `address`.
pub async fn hear(name: &str, interface: &str, address: IpAddr, patience: Duration) -> Heard {
    let place = Places::from([(interface.to_owned(), address)]);
    if let Err(error) = port::check(&place) {
        return Heard::Cannot(PortError::to_string(&error));
    }
    match ask(name, interface, address, patience).await {
        Ok(true) => Heard::Yes,
        Ok(false) => Heard::No,
        Err(error) => Heard::Cannot(error.to_string()),
    }
}

async fn ask(
    name: &str,
    interface: &str,
    address: IpAddr,
    patience: Duration,
) -> mdns_sd::Result<bool> {
    let daemon = ServiceDaemon::new()?;
    daemon.disable_interface(IfKind::All)?;
    daemon.enable_interface(IfKind::Name(interface.to_owned()))?;
    let answers = daemon.resolve_hostname(&format!("{name}."), None)?;
    let heard = async {
        while let Ok(event) = answers.recv_async().await {
            if let HostnameResolutionEvent::AddressesFound(_, found) = event
                && found.iter().any(|one| one.to_ip_addr() == address)
            {
                return true;
            }
        }
        false
    };
    let heard = tokio::time::timeout(patience, heard).await;
    // It has announced nothing, so there is nothing to wait for.
    let _ = daemon.shutdown();
    Ok(heard.unwrap_or(false))
}
