//! The flags about the page, and the servers it is told of. Beside the other flags, for `arguments`.

use super::arguments::{Flag, Set, add, put};

pub(super) const PAGE: &[Flag] = &[
    Flag::new(
        "--public",
        "DIR",
        Set::Path(|to| &mut to.public),
        "Directory to serve over the built-in page; hidden files and links that lead out of it are \
         not served",
    ),
    Flag::new(
        "--csp",
        "POLICY",
        Set::One(|to, text| put(&mut to.csp, Ok(Some(text.to_owned())))),
        "Content-Security-Policy for the HTML pages in --public; without it they get none",
    ),
    Flag::new(
        "--client-dir",
        "DIR",
        Set::Path(|to| &mut to.client_dir),
        "Directory with the official Socket.IO client (socket.io-client/dist of the npm package), \
         served under /socket.io/ for pages of your own; the built-in page needs none",
    ),
    Flag::new(
        "--ice-server",
        "URL",
        Set::Many(|to, text| add(&mut to.ice_server, Ok(text.to_owned()))),
        "STUN or TURN server the page uses: stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT] or \
         stuns:, turns:; may be given several times (in the variable: separated by commas). A home \
         network needs none. Everybody who opens the page can read them",
    )
    .hidden(),
    Flag::new(
        "--turn-url",
        "URL",
        Set::Many(|to, text| add(&mut to.turn_url, Ok(text.to_owned()))),
        "TURN server for a Wi-Fi that keeps its devices apart, turn:HOST[:PORT][?transport=udp|tcp] \
         or turns:; each page gets a user and password for a day, made from --turn-secret-file; may \
         be given several times (in the variable: separated by commas)",
    ),
    Flag::new(
        "--turn-secret-file",
        "FILE",
        Set::Path(|to| &mut to.turn_secret_file),
        "File with the secret that the TURN server shares (coturn: static-auth-secret); read again \
         on SIGHUP",
    ),
];
