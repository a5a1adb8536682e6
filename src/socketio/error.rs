//! What can be wrong at the Socket.IO layer, by fault.

/// The bytes are not the protocol: the whole engine connection is closed with "parse error".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A first character that names no packet type, or none at all.
    #[error("unknown packet type")]
    UnknownType,
    /// The attachment count is missing, zero, not a whole number or over the limit.
    #[error("illegal number of attachments")]
    AttachmentCount,
    /// An acknowledgement id beyond 64 bits.
    #[error("illegal acknowledgement id")]
    AckId,
    /// The rest is not one JSON value.
    #[error("payload is not JSON")]
    Json,
    /// JSON of a shape that this packet type does not take.
    #[error("illegal payload")]
    Payload,
    /// An event name that only the library itself uses.
    #[error("reserved event name")]
    ReservedEvent,
    /// Text while attachments are due, or an attachment while none is.
    #[error("attachment out of place")]
    UnexpectedKind,
    /// A placeholder that names no attachment.
    #[error("illegal placeholder")]
    Placeholder,
}

/// Why a socket left its namespace: a fact, not an error. The texts are the reference server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectReason {
    /// The client left this namespace.
    #[error("client namespace disconnect")]
    ClientNamespaceDisconnect,
    /// The server disconnected this socket.
    #[error("server namespace disconnect")]
    ServerNamespaceDisconnect,
    /// The connection was closed because the client broke the protocol.
    #[error("forced close")]
    ForcedClose,
    /// The same, where the client could not be told at once.
    #[error("forced server close")]
    ForcedServerClose,
    /// The bytes were not the protocol.
    #[error("parse error")]
    ParseError,
    /// The connection was closed by the client.
    #[error("transport close")]
    TransportClose {
        /// Whether the client said so, by a close packet or by a close frame that means it: if not,
        /// the connection may as well be lost. The reference server has one word for both.
        goodbye: bool,
    },
    /// The connection broke.
    #[error("transport error")]
    TransportError,
    /// No pong came in time.
    #[error("ping timeout")]
    PingTimeout,
    /// The server is stopping.
    #[error("server shutting down")]
    ServerShuttingDown,
}

impl DisconnectReason {
    /// Whether the socket may come back (connection state recovery): not one that said goodbye,
    /// that was sent away, or that does not speak the protocol.
    pub(crate) fn is_recoverable(self) -> bool {
        !matches!(
            self,
            Self::ClientNamespaceDisconnect | Self::ServerNamespaceDisconnect | Self::ParseError
        )
    }
}

/// Something the application asked for that could not be done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// The socket is gone or leaving.
    #[error("the socket is not connected")]
    NotConnected,
    /// An argument has no JSON form.
    #[error("an argument cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The socket already is in as many rooms as one may be.
    #[error("the socket is in too many rooms (max_rooms_per_socket)")]
    TooManyRooms,
    /// The name of the room is too long.
    #[error("the name of the room is too long (max_name_bytes)")]
    LongName,
    /// The socket already owes as many acknowledgements as one may.
    #[error("the socket owes too many acknowledgements (max_pending_acks)")]
    TooManyAcks,
}
