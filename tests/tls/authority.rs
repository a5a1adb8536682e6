//! The local authority as OpenSSL reads it, and what it may vouch for.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use crate::rig::{State, days_later, described, home, names, openssl, path, today, verified};

#[test]
fn an_authority_may_vouch_for_the_home_network_only() {
    let state = State::new();
    state.open(&home(), today());
    let text = described(&state.file("authority.pem"));
    let wanted = "X509v3 Name Constraints: critical Permitted: DNS:local DNS:localhost DNS:kitchen-pi \
        IP:10.0.0.0/255.0.0.0 IP:172.16.0.0/255.240.0.0 IP:192.168.0.0/255.255.0.0 \
        IP:169.254.0.0/255.255.0.0 IP:127.0.0.0/255.0.0.0 \
        IP:FD00:0:0:0:0:0:0:0/FF00:0:0:0:0:0:0:0 IP:FE80:0:0:0:0:0:0:0/FFC0:0:0:0:0:0:0:0 \
        IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF X509v3";
    assert!(text.contains(wanted), "{text}");
    assert!(!text.contains("Excluded"), "{text}");
}

#[test]
fn an_authority_signs_certificates_for_servers_and_no_other_authorities() {
    let state = State::new();
    state.open(&home(), today());
    let text = described(&state.file("authority.pem"));
    for wanted in [
        "Public Key Algorithm: id-ecPublicKey Public-Key: (256 bit)",
        "NIST CURVE: P-256",
        "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0",
        "X509v3 Key Usage: critical Certificate Sign, CRL Sign",
        "X509v3 Extended Key Usage: TLS Web Server Authentication",
        "X509v3 Subject Key Identifier:",
        "Signature Algorithm: ecdsa-with-SHA256",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn an_authority_lives_twenty_years_from_a_constant_on() {
    let state = State::new();
    state.open(&home(), days_later(500));
    let text = described(&state.file("authority.pem"));
    assert!(
        text.contains("Not Before: Jan 1 00:00:00 2025 GMT"),
        "{text}"
    );
    assert!(
        text.contains("Not After : Dec 31 23:59:59 2044 GMT"),
        "{text}"
    );
}

#[test]
fn an_authority_is_called_after_its_machine_and_told_apart_by_a_tag() {
    let called = || {
        let served = State::new().open(&home(), today()).served();
        served.authority.clone().unwrap().name
    };
    let (one, other) = (called(), called());
    assert!(
        one.starts_with("Parlor on kitchen-pi (") && one.ends_with(')'),
        "{one}"
    );
    assert_ne!(one, other);
}

#[test]
fn a_machine_with_the_name_of_a_public_domain_gets_no_constraint_for_it() {
    let state = State::new();
    let host = Some("kitchen");
    let tls = parlor::tls::Tls::open(&state.settings, host, &names("kitchen"), today()).unwrap();
    let text = described(&state.file("authority.pem"));
    assert!(
        text.contains("Permitted: DNS:local DNS:localhost IP:10."),
        "{text}"
    );
    let served = tls.served();
    assert_eq!(served.left_out, ["kitchen"]);
    assert!(served.covers_name("localhost") && !served.covers_name("kitchen"));
    let name = &served.authority.as_ref().unwrap().name;
    assert!(name.starts_with("Parlor on kitchen ("), "{name}");
}

/// Whether openssl, with the authority's key, can make a certificate for a name that it accepts.
fn can_be_forged(state: &State, name: &str) -> bool {
    let (authority, forged) = (state.file("authority.pem"), state.beside("forged.pem"));
    let request = state.beside("request.pem");
    let key = state.beside("key.pem");
    openssl(&[
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/O=x",
        "-keyout",
        path(&key),
        "-out",
        path(&request),
    ]);
    let extensions = state.beside("extensions");
    let text = format!(
        "subjectAltName={name}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n\
         authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    );
    fs::write(&extensions, text).unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        path(&request),
        "-CA",
        path(&authority),
        "-CAkey",
        path(&authority),
        "-set_serial",
        "7",
        "-days",
        "30",
        "-extfile",
        path(&extensions),
        "-out",
        path(&forged),
    ]);
    // It has today's dates, which openssl takes from the clock.
    let said = verified(&authority, &forged, &[], std::time::SystemTime::now());
    let outside = said.text.contains("permitted subtree violation");
    assert_eq!(said.good, !outside, "{}", said.text);
    said.good
}

#[test]
fn who_steals_the_authoritys_key_can_pretend_nothing_outside_of_the_home_network() {
    let state = State::new();
    state.open(&home(), today());
    for (name, wanted) in [
        ("DNS:printer.local", true),
        ("DNS:kitchen-pi", true),
        ("IP:192.168.7.7", true),
        ("IP:fd12::1", true),
        ("DNS:bank.example", false),
        ("DNS:mylocal", false),
        ("DNS:printer.local,DNS:bank.example", false),
        ("IP:8.8.8.8", false),
        ("IP:172.32.0.1", false),
        ("IP:2001:db8::1", false),
        ("IP:fc00::1", false),
    ] {
        assert_eq!(can_be_forged(&state, name), wanted, "{name}");
    }
}

#[test]
fn an_authority_without_constraints_has_files_of_its_own() {
    let mut state = State::unconstrained();
    let tls = state.open(&names("parlor.local nas.example 8.8.8.8"), today());
    let served = tls.served();
    assert!(served.covers_name("nas.example") && served.covers_address([8, 8, 8, 8].into()));
    assert!(served.left_out.is_empty());
    let file = state.file("authority-unconstrained.pem");
    assert!(!described(&file).contains("Name Constraints"));
    let said = verified(&file, &state.file("server-unconstrained.pem"), &[], today());
    assert!(said.good, "{}", said.text);
    let before = state.bytes("authority-unconstrained.pem");

    state.settings.unconstrained = false;
    state.open(&home(), today());
    state.settings.unconstrained = true;
    let again = state.open(&names("parlor.local nas.example 8.8.8.8"), today());
    assert_eq!(again.served().fingerprint, served.fingerprint);
    assert_eq!(state.bytes("authority-unconstrained.pem"), before);
    assert_eq!(
        state.list(),
        [
            "authority-unconstrained.pem",
            "authority.pem",
            "parlor-ca-unconstrained.crt",
            "parlor-ca.crt",
            "server-unconstrained.pem",
            "server.pem"
        ]
    );
}

#[test]
fn the_file_for_devices_is_the_authoritys_certificate_without_its_key() {
    let state = State::new();
    let served = state.open(&home(), today()).served();
    let authority = served.authority.as_ref().unwrap();
    let file = authority.file.as_ref().unwrap();
    assert_eq!(*file, state.file("parlor-ca.crt"));
    assert_eq!(state.bytes("parlor-ca.crt"), authority.der);
    let print = openssl(&[
        "x509",
        "-inform",
        "DER",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        path(file),
    ]);
    assert!(
        print.trim_end().ends_with(&authority.fingerprint),
        "{print}"
    );
    assert_eq!(
        authority.not_before,
        UNIX_EPOCH + Duration::from_secs(1_735_689_600)
    );
}
