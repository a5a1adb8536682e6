//! The local authority as a download, for devices that are to trust it.
//!
//! It stands beside the trust page, whose steps begin with one of these files.
//!
//! | path | what | for |
//! |---|---|---|
//! | `/parlor-ca.crt` | the certificate in DER (RFC 5280) | Android, Windows, Linux, Firefox |
//! | `/parlor-ca.mobileconfig` | a configuration profile with it | iOS, iPadOS, macOS |
//!
//! A profile is a property list with one payload of type `com.apple.security.root` (Apple,
//! "Configuration Profile Reference"). Its identifiers come from the fingerprint, so that the
//! same authority replaces its own profile and another one stands beside it.
//!
//! Invariants: the same authority and name make the same bytes; what comes from outside (the
//! device's name) is escaped. Left out: signing the profile, which nobody could check.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::escape::escaped;
use crate::http::reach::Authority;

/// Type of a certificate in DER that is an authority's, as browsers and systems know it.
pub(crate) const DER_TYPE: &str = "application/x-x509-ca-cert";

/// Type of a configuration profile.
pub(crate) const PROFILE_TYPE: &str = "application/x-apple-aspen-config";

/// The configuration profile. `device_name` is this server's, to tell two of them apart.
pub(crate) fn profile(authority: &Authority, device_name: Option<&str>) -> String {
    let name = escaped(&match device_name {
        Some(device) => format!("Parlor on {device}"),
        None => "Parlor".to_owned(),
    });
    let digest = digest(&authority.fingerprint);
    let (first, last) = digest.split_at(digest.len() / 2);
    let (outer, inner) = (uuid(first), uuid(last));
    let certificate = STANDARD.encode(&authority.der);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>parlor-ca.crt</string>
			<key>PayloadContent</key>
			<data>{certificate}</data>
			<key>PayloadDescription</key>
			<string>The local authority of {name}</string>
			<key>PayloadDisplayName</key>
			<string>{name}</string>
			<key>PayloadIdentifier</key>
			<string>parlor.authority.{outer}.certificate</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>{inner}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDescription</key>
	<string>Lets this device trust {name} in the home network.</string>
	<key>PayloadDisplayName</key>
	<string>{name}</string>
	<key>PayloadIdentifier</key>
	<string>parlor.authority.{outer}</string>
	<key>PayloadRemovalDisallowed</key>
	<false/>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>{outer}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#
    )
}

/// The bytes of a fingerprint.
fn digest(fingerprint: &str) -> Vec<u8> {
    let pairs = fingerprint.split(':');
    pairs
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

/// A UUID of one's own making, version 8 of RFC 9562 section 5.8, from up to 16 bytes.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for at in 0..16 {
        let byte = bytes.get(at).copied().unwrap_or_default();
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(first: &str) -> Authority {
        Authority {
            der: b"der".as_slice().into(),
            fingerprint: format!("{first}:{}FF", "11:".repeat(30)),
        }
    }

    #[test]
    fn identifiers_come_from_the_fingerprint() {
        let one = profile(&authority("AB"), None);
        assert_eq!(one, profile(&authority("AB"), None));
        let outer = "AB111111-1111-8111-9111-111111111111";
        assert_eq!(one.matches(outer).count(), 3, "{one}");
        assert!(one.contains("<string>11111111-1111-8111-9111-1111111111FF</string>"));
        assert_ne!(one, profile(&authority("AC"), None));
    }

    #[test]
    fn the_certificate_is_in_it_as_base64() {
        assert!(profile(&authority("AB"), None).contains("<data>ZGVy</data>"));
    }

    #[test]
    fn a_device_cannot_write_markup() {
        let text = profile(&authority("AB"), Some("<b>&\u{1}\""));
        assert!(text.contains("Parlor on &lt;b&gt;&amp;&quot;<"), "{text}");
    }
}
