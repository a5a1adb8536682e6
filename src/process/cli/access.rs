//! The flags about who may talk to the server. Beside the other flags, for `arguments`.

use super::arguments::{Flag, Set, add};
use super::built::Feature;
use crate::process::values::{host_name, network, origin};

pub(super) const ACCESS: &[Flag] = &[
    Flag::new(
        "--trusted-proxy",
        "ADDR[/BITS]",
        Set::Many(|to, text| add(&mut to.trusted_proxy, network(text))),
        "Reverse proxy whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed: an \
         address or a network such as 172.16.0.0/12; may be given several times (in the variable: \
         separated by commas)",
    ),
    Flag::new(
        "--allow-host",
        "NAME",
        Set::Many(|to, text| add(&mut to.allow_host, host_name(text))),
        "Name by which requests may come, such as calls.example.org behind a reverse proxy; may be \
         given several times (in the variable: separated by commas). Addresses, localhost, the \
         announced name, this machine's own and those of the certificate need not be named",
    ),
    Flag::new(
        "--allow-origin",
        "ORIGIN",
        Set::Many(|to, text| add(&mut to.allow_origin, origin(text))),
        "Other site whose pages may use this server, such as https://pages.example or \
         http://localhost:8080; may be given several times (in the variable: separated by commas). \
         The server's own pages need not be named",
    ),
    Flag::new(
        "--passcode-file",
        "FILE",
        Set::Path(|to| &mut to.passcode_file),
        "File with a passcode in its only line, which everybody has to type who wants to join a room; \
         without it systemd's credential passcode, if there is one, else nobody is asked. Read again \
         on SIGHUP",
    ),
    Flag::new(
        "--metrics-allow",
        "ADDR[/BITS]",
        Set::Many(|to, text| add(&mut to.metrics_allow, network(text))),
        "Address or network that may read /metrics (for Prometheus), beside this machine itself; may \
         be given several times (in the variable: separated by commas). Behind --trusted-proxy it is \
         the address that the proxy names",
    )
    .needing(Feature::Metrics),
];
