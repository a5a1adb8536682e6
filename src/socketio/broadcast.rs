//! An emission to many: put together room by room, then sent once.

use super::args::Argument;
use super::emit::Io;
use super::encode;
use super::error::EmitError;
use super::registry::SocketKey;

/// Rooms that one emission can name, and as many that it can leave out.
const MAX_NAMED: usize = 8;

/// An emission to many, being put together.
#[derive(Debug)]
pub struct Broadcast<'io, 'r> {
    io: Io<'io>,
    namespace: &'r str,
    rooms: heapless::Vec<&'r str, MAX_NAMED>,
    except: heapless::Vec<&'r str, MAX_NAMED>,
    sender: Option<SocketKey>,
    volatile: bool,
    /// More rooms were named than fit: to leave one out would tell somebody it was kept from.
    too_many: bool,
}

impl<'io, 'r> Broadcast<'io, 'r> {
    pub(super) fn new(io: Io<'io>, namespace: &'r str) -> Self {
        Self {
            io,
            namespace,
            rooms: heapless::Vec::new(),
            except: heapless::Vec::new(),
            sender: None,
            volatile: false,
            too_many: false,
        }
    }

    /// To the members of this room too. With more than eight rooms [`emit`](Self::emit) fails.
    pub fn to(mut self, room: &'r str) -> Self {
        self.too_many |= self.rooms.push(room).is_err();
        self
    }

    /// Not to the members of this room. At most eight, as for [`to`](Self::to).
    pub fn except(mut self, room: &'r str) -> Self {
        self.too_many |= self.except.push(room).is_err();
        self
    }

    /// Not to this socket, which is the sender.
    pub fn from(mut self, sender: SocketKey) -> Self {
        self.sender = Some(sender);
        self
    }

    /// Only to those whose transport can take it at once.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Sends the event; returns how many sockets it is for.
    ///
    /// # Errors
    /// [`EmitError::Json`] if an argument has no JSON form, [`EmitError::TooManyNamed`] if more
    /// than eight rooms were named or left out.
    pub fn emit(self, name: &str, args: &[&dyn Argument]) -> Result<usize, EmitError> {
        let Io {
            registry, queue, ..
        } = self.io;
        if self.too_many {
            return Err(EmitError::TooManyNamed);
        }
        let Some(namespace) = registry.find_namespace(self.namespace) else {
            return Ok(0);
        };
        let mark = queue.mark();
        registry.receivers(
            namespace,
            &self.rooms,
            &self.except,
            self.sender,
            &mut queue.receivers,
        );
        let count = queue.receivers.len() - mark.receivers;
        if count > 0 {
            queue.encode(mark, true, args, |attachments, out| {
                encode::event(attachments, self.namespace, None, name, out);
            })?;
            queue.push_send(mark, self.volatile);
        }
        Ok(count)
    }
}
