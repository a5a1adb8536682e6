//! Who asks for a page: the system and the browser, by `User-Agent` (RFC 9110 section 10.1.5).
//!
//! It stands before the trust page, which shows the visitor's own instructions first. A guess: the
//! header says what its sender likes, so nothing but an order follows from it. An iPad says that
//! it is a Mac unless it is told otherwise; `static/trust.js` can tell the two apart.
//!
//! Left out: versions, and every browser whose words are those of one below.

/// A guess about the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) system: System,
    pub(crate) browser: Browser,
}

/// Where an authority is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Ios,
    Mac,
    Android,
    Windows,
    Linux,
    /// Firefox keeps a list of its own, except on iOS.
    Firefox,
}

/// Which warning is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    Chrome,
    Safari,
    Firefox,
    Edge,
}

impl Visitor {
    /// Reads the header; an unknown or missing one is Chrome on Android, the commonest phone.
    pub(crate) fn guess(agent: &str) -> Self {
        let says = |word: &str| agent.contains(word);
        let browser = if says("Firefox/") || says("FxiOS/") {
            Browser::Firefox
        } else if says("Edg/") || says("EdgA/") || says("EdgiOS/") {
            Browser::Edge
        } else if says("Safari/") && !says("Chrome/") && !says("CriOS/") {
            Browser::Safari
        } else {
            Browser::Chrome
        };
        let system = if says("iPhone") || says("iPad") || says("iPod") {
            System::Ios
        } else if says("Firefox/") {
            System::Firefox
        } else if says("Macintosh") {
            System::Mac
        } else if says("Windows") {
            System::Windows
        } else if says("Linux") && !says("Android") || says("CrOS") {
            System::Linux
        } else {
            System::Android
        };
        Self { system, browser }
    }
}

impl System {
    /// Its name in the template.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Mac => "mac",
            Self::Android => "android",
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Firefox => "firefox",
        }
    }
}

impl Browser {
    /// Its name in the template.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Safari => "safari",
            Self::Firefox => "firefox",
            Self::Edge => "edge",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_are_told_apart() {
        use Browser::{Chrome, Edge, Safari};
        let (webkit, khtml) = ("AppleWebKit/605.1.15", "(KHTML, like Gecko)");
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)";
        let android = "Mozilla/5.0 (Linux; Android 10; K)";
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        let chrome = "Chrome/140.0.0.0";
        for (agent, system, browser) in [
            (format!("{iphone} {webkit} {khtml} Version/18.5 Mobile/15E148 Safari/604.1"), System::Ios, Safari),
            (format!("{iphone} {webkit} {khtml} CriOS/140.0 Mobile/15E148 Safari/604.1"), System::Ios, Chrome),
            (format!("{iphone} {webkit} {khtml} FxiOS/140.0 Mobile/15E148 Safari/605.1.15"), System::Ios, Browser::Firefox),
            (format!("{mac} {webkit} {khtml} Version/18.5 Safari/605.1.15"), System::Mac, Safari),
            (format!("{mac} {webkit} {khtml} {chrome} Safari/537.36"), System::Mac, Chrome),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(), System::Firefox, Browser::Firefox),
            (format!("{android} {webkit} {khtml} {chrome} Mobile Safari/537.36"), System::Android, Chrome),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0".to_owned(), System::Firefox, Browser::Firefox),
            (format!("{windows} {webkit} {khtml} {chrome} Safari/537.36 Edg/140.0.0.0"), System::Windows, Edge),
            (format!("{windows} {webkit} {khtml} {chrome} Safari/537.36"), System::Windows, Chrome),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {webkit} {khtml} {chrome} Safari/537.36"), System::Linux, Chrome),
            ("curl/8.14.1".to_owned(), System::Android, Chrome),
            (String::new(), System::Android, Chrome),
        ] {
            assert_eq!(Visitor::guess(&agent), Visitor { system, browser }, "{agent}");
        }
    }
}
