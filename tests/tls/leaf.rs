//! The certificate that is served, as OpenSSL reads it.

use crate::rig::{DAY, State, days_later, described, home, names, openssl, path, today, verified};

#[test]
fn a_certificate_is_good_for_each_of_its_names() {
    let state = State::new();
    let served = state.open(&home(), today()).served();
    let (authority, leaf) = (state.file("authority.pem"), state.file("server.pem"));
    for name in ["parlor.local", "localhost"] {
        let said = verified(&authority, &leaf, &["-verify_hostname", name], today());
        assert!(said.good, "{name}: {}", said.text);
        assert!(served.covers_name(name));
    }
    for address in ["192.168.1.20", "fd00::20", "127.0.0.1", "::1"] {
        let said = verified(&authority, &leaf, &["-verify_ip", address], today());
        assert!(said.good, "{address}: {}", said.text);
        assert!(served.covers_address(address.parse().unwrap()));
    }
    let said = verified(
        &authority,
        &leaf,
        &["-verify_hostname", "other.local"],
        today(),
    );
    assert!(!said.good, "{}", said.text);
}

#[test]
fn names_outside_of_the_home_network_never_get_into_a_certificate() {
    let state = State::new();
    let wanted =
        names("parlor.local nas.example kitchen 203.0.113.9 2001:db8::1 10.0.0.9 bad_name");
    let served = state.open(&wanted, today()).served();
    let text = described(&state.file("server.pem"));
    let alternatives = "X509v3 Subject Alternative Name: DNS:localhost, DNS:parlor.local, \
        IP Address:10.0.0.9, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1 X509v3";
    assert!(text.contains(alternatives), "{text}");
    assert_eq!(
        served.left_out,
        [
            "bad_name",
            "kitchen",
            "nas.example",
            "203.0.113.9",
            "2001:db8::1"
        ]
    );
    state.expect_trusted(today());
}

#[test]
fn a_certificate_is_for_a_server_and_nothing_else() {
    let state = State::new();
    state.open(&home(), today());
    let text = described(&state.file("server.pem"));
    for wanted in [
        "NIST CURVE: P-256",
        "X509v3 Basic Constraints: critical CA:FALSE",
        "X509v3 Key Usage: critical Digital Signature",
        "X509v3 Extended Key Usage: TLS Web Server Authentication",
        "X509v3 Authority Key Identifier:",
        "Signature Algorithm: ecdsa-with-SHA256",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn a_certificate_is_valid_from_a_day_before_and_for_397_days() {
    let state = State::new();
    let served = state.open(&home(), today()).served();
    let text = described(&state.file("server.pem"));
    assert!(
        text.contains("Not Before: Nov 21 00:00:00 2026 GMT"),
        "{text}"
    );
    assert!(
        text.contains("Not After : Dec 22 23:59:59 2027 GMT"),
        "{text}"
    );
    assert_eq!(served.not_before, today() - DAY);
    let life = served.not_after.duration_since(served.not_before).unwrap();
    assert!(life < 397 * DAY, "{life:?}");
}

#[test]
fn two_certificates_have_neither_key_nor_serial_number_in_common() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let leaf = state.file("server.pem");
    let both = || {
        let serial = openssl(&["x509", "-noout", "-serial", "-in", path(&leaf)]);
        let key = openssl(&["x509", "-noout", "-pubkey", "-in", path(&leaf)]);
        (serial, key)
    };
    let (serial, key) = both();
    assert!(tls.refresh(&names("den.local"), days_later(1)).unwrap());
    let (next_serial, next_key) = both();
    assert_ne!(serial, next_serial);
    assert_ne!(key, next_key);
}

#[test]
fn a_certificate_never_outlives_its_authority() {
    let state = State::new();
    // 2044-06-01, half a year before its end.
    let served = state.open(&home(), days_later(6400)).served();
    let authority = served.authority.as_ref().unwrap();
    assert_eq!(served.not_after, authority.not_after);
    state.expect_trusted(days_later(6401));
}
