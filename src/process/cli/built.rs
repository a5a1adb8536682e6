//! The package's features, as the command line knows them: a flag that needs one which this build was
//! made without is not in the help, and whoever gives it is told why.
//!
//! It stands beside the table of flags. `--http-only` and `--no-mdns` need nothing: they say what is so
//! anyway without the features `tls` and `mdns`.

/// What can be left out of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    /// HTTPS, and the certificates for it.
    Tls,
    /// The name in the network.
    Mdns,
    /// `/metrics`.
    Metrics,
}

impl Feature {
    /// Its name in `Cargo.toml`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Mdns => "mdns",
            Self::Metrics => "metrics",
        }
    }

    /// Whether this build has it.
    pub(crate) const fn is_built(self) -> bool {
        match self {
            Self::Tls => cfg!(feature = "tls"),
            Self::Mdns => cfg!(feature = "mdns"),
            Self::Metrics => cfg!(feature = "metrics"),
        }
    }
}

/// What this build lacks of what something needs; most needs nothing.
pub(super) fn missing(needed: Option<Feature>) -> Option<Feature> {
    needed.filter(|feature| !feature.is_built())
}

/// Whether this build has it.
pub(super) fn has(needed: Option<Feature>) -> bool {
    missing(needed).is_none()
}

/// What who asks for something that this build lacks is told.
pub(super) fn lacking(what: &str, feature: Feature) -> String {
    let feature = feature.name();
    format!("{what} is not in this build, which was made without the feature {feature:?}")
}
