//! What can be wrong at the Engine.IO layer, by fault: the bytes, the request, or nobody.

/// The bytes are not the protocol. The session they came for is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A packet without a type.
    #[error("empty packet")]
    Empty,
    /// A first character that names no packet type.
    #[error("unknown packet type")]
    UnknownType,
    /// A base64 packet whose rest is not base64 (RFC 4648 section 4, padding optional).
    #[error("binary packet is not base64")]
    Base64,
    /// A payload of revision 3 whose lengths are not numbers, or do not fit.
    #[error("payload with a wrong length")]
    Length,
    /// A payload that is not UTF-8.
    #[error("payload is not UTF-8")]
    Utf8,
}

/// An HTTP request refused. One place (`transport::reject`) turns it into status and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// Code 0: the transport is missing, unknown or switched off.
    #[error("Transport unknown")]
    TransportUnknown,
    /// Code 1: no session has this id.
    #[error("Session ID unknown")]
    SessionUnknown,
    /// Code 2: a handshake must be a GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// Code 3: a request that does not fit its session or its transport.
    #[error("Bad request")]
    BadRequest,
    /// Code 4: the application does not want this client; status 403.
    #[error("Forbidden")]
    Forbidden,
    /// Code 5: a protocol revision that is not spoken here.
    #[error("Unsupported protocol version")]
    UnsupportedProtocol,
    /// A second poll or post beside a first one, or a body that is not the protocol: status
    /// 400 without a body.
    #[error("conflicting request")]
    Conflict,
    /// A method that a live session does not take: status 500 without a body.
    #[error("unexpected method")]
    UnexpectedMethod,
    /// A body over the limit: status 413 without a body.
    #[error("payload too large")]
    PayloadTooLarge,
    /// An upgrade without a usable key (RFC 6455 section 4.2.1).
    #[error("Missing or invalid Sec-WebSocket-Key header")]
    WebSocketKey,
    /// An upgrade to a version of WebSocket that is not spoken here.
    #[error("Missing or invalid Sec-WebSocket-Version header")]
    WebSocketVersion,
    /// An upgrade whose subprotocols are no list of tokens (RFC 6455 section 11.3.4).
    #[error("Invalid Sec-WebSocket-Protocol header")]
    WebSocketProtocol,
    /// More handshakes from this address than allowed: status 429.
    #[error("Too many connections, try again later")]
    TooManyHandshakes,
    /// The server is at one of its limits: status 503.
    #[error("The server is full, try again later")]
    Full,
}

impl Reject {
    /// The `code` of the JSON body, for the refusals that have one.
    pub fn code(self) -> Option<u8> {
        match self {
            Self::TransportUnknown => Some(0),
            Self::SessionUnknown => Some(1),
            Self::BadHandshakeMethod => Some(2),
            Self::BadRequest => Some(3),
            Self::Forbidden => Some(4),
            Self::UnsupportedProtocol => Some(5),
            Self::Conflict
            | Self::UnexpectedMethod
            | Self::PayloadTooLarge
            | Self::WebSocketKey
            | Self::WebSocketVersion
            | Self::WebSocketProtocol
            | Self::TooManyHandshakes
            | Self::Full => None,
        }
    }

    /// The HTTP status (RFC 9110 section 15).
    pub fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::UnexpectedMethod => 500,
            Self::PayloadTooLarge => 413,
            Self::TooManyHandshakes => 429,
            Self::Full => 503,
            _ => 400,
        }
    }
}

/// Why a session ended: a fact, not an error. The texts are the reference server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The client closed the connection or said so.
    #[error("transport close")]
    TransportClose {
        /// Whether it said so, by a close packet or by a close frame that means it: such a client
        /// is not to be waited for. The reference server has one word for both.
        goodbye: bool,
    },
    /// The connection broke, or the client did what the protocol forbids.
    #[error("transport error")]
    TransportError,
    /// No pong came in time.
    #[error("ping timeout")]
    PingTimeout,
    /// The bytes were not the protocol.
    #[error("parse error")]
    ParseError,
    /// This server closed the connection.
    #[error("forced close")]
    ForcedClose,
    /// The same, where the client could not be told at once.
    #[error("forced server close")]
    ForcedServerClose,
    /// This server is stopping.
    #[error("server shutting down")]
    ServerShuttingDown,
}
