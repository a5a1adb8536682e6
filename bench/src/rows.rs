//! The rows of the table: what is measured, and in which unit. Of every row less is better.

use crate::options::Sizes;

/// The unit of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Given in megabytes of 10^6 bytes.
    Megabytes,
    Bytes,
    Milliseconds,
    Microseconds,
    Number,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Megabytes => "MB",
            Self::Bytes => "bytes",
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Number => "",
        }
    }

    /// Digits after the point.
    pub(crate) fn digits(self, value: f64) -> usize {
        match self {
            Self::Bytes => 0,
            Self::Number if value.abs() >= 100.0 => 0,
            Self::Number => 2,
            _ if value.abs() >= 1000.0 => 0,
            _ if value.abs() >= 100.0 => 1,
            _ => 2,
        }
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $row:ident, $unit:ident, $title:literal;)*) => {
        /// One row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Row { $($(#[$doc])* $row,)* }

        impl Row {
            /// In the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$row,)*];

            pub(crate) fn unit(self) -> Unit {
                match self { $(Self::$row => Unit::$unit,)* }
            }

            /// The title with its marks: `{n}` is the number of idle clients.
            fn template(self) -> &'static str {
                match self { $(Self::$row => $title,)* }
            }
        }
    };
}

rows! {
    BinarySize, Megabytes, "binary, stripped";
    Resident, Megabytes, "resident after start";
    Own, Megabytes, "USS after start";
    FirstAnswer, Milliseconds, "start to first answer";
    IdleWebSocket, Bytes, "USS per idle WebSocket client (n = {n})";
    IdleSlope, Bytes, "the same from {n} to {2n} clients";
    IdlePolling, Bytes, "USS per idle polling client (n = {n})";
    IdleSecure, Bytes, "USS per idle WebSocket client over TLS (n = {n})";
    Cycle1, Megabytes, "USS above start after {n} clients have left";
    CycleLast, Megabytes, "the same after {cycles} times";
    CycleGrowth, Megabytes, "growth in the last of them";
    Connect, Microseconds, "CPU per connect, WebSocket";
    ConnectPolling, Microseconds, "CPU per connect, polling";
    ConnectUpgrade, Microseconds, "CPU per connect, polling and upgrade";
    ConnectSecure, Microseconds, "CPU per connect, WebSocket over TLS";
    Relay1, Microseconds, "CPU per candidate, 1 room, window 1";
    Relay1Burst, Microseconds, "CPU per candidate, 1 room, window 8";
    Relay50, Microseconds, "CPU per candidate, 50 rooms, window 1";
    Relay50Burst, Microseconds, "CPU per candidate, 50 rooms, window 8";
    RelayWorkers, Microseconds, "CPU per candidate, 50 rooms, window 1, 2 workers";
    Offer, Microseconds, "CPU per 3 KB offer, 50 rooms, window 1";
    Call, Microseconds, "CPU per whole call, WebSocket";
    CallUpgrade, Microseconds, "CPU per whole call, polling and upgrade";
    Static, Microseconds, "CPU per GET of a file";
    ChurnMemory, Megabytes, "USS above start after {churn} of each kind gave up";
    ChurnGrowth, Megabytes, "growth in the last of three times";
    ChurnFiles, Number, "files left open by them";
    WakeQuiet, Number, "wake-ups per second, no clients";
    WakeClient, Number, "wake-ups per client and ping interval";
    Instructions, Number, "user instructions per candidate";
}

impl Row {
    pub(crate) fn title(self, sizes: &Sizes) -> String {
        self.template()
            .replace("{n}", &sizes.idle.to_string())
            .replace("{2n}", &(sizes.idle * 2).to_string())
            .replace("{cycles}", &sizes.cycles.to_string())
            .replace("{churn}", &sizes.churn.to_string())
    }
}
