//! The application of the `hub` target: it does what clients ask of it, and keeps a record, by
//! rules of its own, of who must get what and who is still owed a word.
//!
//! Nothing here asks the server who is where: rooms, sockets and questions are counted anew, so
//! that both can be wrong only apart. What is emitted by a callback that then panics is not
//! recorded, for nobody may get it.

use super::world::{Seat, World, line};
use parlor::socketio::{
    AckError, AckTicket, Admission, Answers, Application, Arg, Args, Argument, Attachment,
    BroadcastTicket, DisconnectReason, Event, Handshake, Io, Namespace, Refusal, SocketKey,
};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) const ROOMS: [&str; 3] = ["r", "s", "t"];

/// How an emission is to be made.
#[derive(Debug, Clone, Copy)]
struct Way {
    volatile: bool,
    binary: bool,
}

impl Way {
    fn of(flags: u8) -> Self {
        Self {
            volatile: flags & 1 != 0,
            binary: flags & 2 != 0,
        }
    }
}

/// The application. Its clones share what they know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Host(Arc<Mutex<World>>);

impl Host {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Emits the next number to these, and records it.
    pub(crate) fn tell(
        &self,
        io: &mut Io<'_>,
        namespace: &str,
        rooms: &[&str],
        except: &[&str],
        from: Option<SocketKey>,
        flags: u8,
    ) {
        let way = Way::of(flags);
        let mut world = self.world();
        world.number += 1;
        let number = world.number;
        let blob = Attachment(number.to_string().into());
        let args: &[&dyn Argument] = if way.binary {
            &[&number, &blob]
        } else {
            &[&number]
        };
        let mut to = io.broadcast(namespace);
        to = rooms.iter().fold(to, |to, room| to.to(room));
        to = except.iter().fold(to, |to, room| to.except(room));
        to = from.into_iter().fold(to, |to, sender| to.from(sender));
        to = if way.volatile { to.volatile() } else { to };
        let sent = to.emit("n", args).expect("has a JSON form");
        let mut receivers = world.receivers(namespace, rooms, except);
        receivers.retain(|socket| Some(*socket) != from);
        assert_eq!(
            sent,
            receivers.len(),
            "receivers of {rooms:?} but {except:?}"
        );
        let text = line(namespace, "n", number, way.binary, None);
        world.record(&receivers, &text, way.volatile);
    }

    fn ask_all(&self, io: &mut Io<'_>, namespace: &str, room: &str, wait: Duration) {
        let mut world = self.world();
        world.number += 1;
        let number = world.number;
        let receivers = world.receivers(namespace, &[room], &[]);
        let to = io.broadcast(namespace).to(room);
        let ticket = to
            .emit_with_ack("poll", &[&number], wait)
            .expect("has a JSON form");
        world.polled.insert(ticket, receivers.len());
        let text = line(namespace, "poll", number, false, None);
        world.record(&receivers, &text, false);
    }

    /// Decides on one of those who wait for it.
    pub(crate) fn decide(&self, io: &mut Io<'_>, accept: bool) {
        let Some(socket) = self.world().waiting.pop() else {
            return;
        };
        match accept {
            true => io.accept(socket),
            false => io.refuse(socket, Refusal::new("no")),
        }
    }

    /// Ends a callback as a panic does, without its message.
    fn fall_over(&self) -> ! {
        self.world().falls += 1;
        resume_unwind(Box::new("asked to"))
    }

    /// Joins a room, unless the socket is in as many as it may.
    fn join(&self, io: &mut Io<'_>, socket: SocketKey, room: &str) {
        if io.join(socket, room).is_ok() {
            let mut world = self.world();
            let seat = world.seats.get_mut(&socket).expect("is there");
            seat.rooms.insert(room.to_owned());
        }
    }

    fn ask(&self, io: &mut Io<'_>, socket: SocketKey, wait: Duration) {
        let mut world = self.world();
        world.number += 1;
        let number = world.number;
        match io.emit_with_ack(socket, "well", &[&number], wait) {
            Ok(ticket) => {
                assert!(
                    world.asked.insert((ticket.socket, ticket.id)),
                    "an id of its own"
                );
                let namespace = world.seats[&socket].namespace.clone();
                let text = line(&namespace, "well", number, false, Some(ticket.id));
                world.record(&[socket], &text, false);
            }
            // It owes enough answers already, or is leaving.
            Err(_) => world.number -= 1,
        }
    }
}

/// Who asks to connect, and how it is to go.
fn who(handshake: &Handshake<'_>) -> Option<(u32, u8)> {
    #[derive(serde::Deserialize)]
    struct Auth {
        who: (u32, u8),
    }
    handshake.auth.read().ok().map(|auth: Auth| auth.who)
}

fn number(args: &Args<'_>, at: usize) -> u8 {
    args.get(at).and_then(|arg| arg.read().ok()).unwrap_or(0)
}

impl Application for Host {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        match name {
            "/panic" => self.fall_over(),
            "/" | "/a" => Namespace::Static,
            "/made" => Namespace::Dynamic,
            _ => Namespace::Unknown,
        }
    }

    /// The auth object is `[client, flags]` under `who`.
    fn admit(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let Some((_, flags)) = who(handshake) else {
            return Admission::Refuse(Refusal::new("who?"));
        };
        let joined = flags & 1 != 0 && io.join(socket, ROOMS[0]).is_ok();
        assert!(
            io.emit(socket, "never sent", &[]).is_err(),
            "is not connected yet"
        );
        if flags & 7 == 7 {
            let _ = io.broadcast(handshake.namespace).emit("never sent", &[]);
            self.fall_over();
        }
        if flags & 6 == 6 {
            return Admission::Refuse(Refusal::new("no"));
        }
        let mut world = self.world();
        world.admitted.insert(socket, joined);
        if flags & 16 != 0 {
            world.waiting.push(socket);
            return Admission::Later;
        }
        Admission::Accept
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let (client, flags) = who(handshake).expect("was admitted");
        let namespace = handshake.namespace.to_owned();
        let mut world = self.world();
        let joined = world.admitted.remove(&socket).expect("was admitted");
        let rooms = joined.then(|| ROOMS[0].to_owned()).into_iter().collect();
        let seat = Seat {
            client,
            namespace: namespace.clone(),
            rooms,
        };
        world.seats.insert(socket, seat);
        drop(world);
        if flags & 96 == 96 {
            let _ = io.emit(socket, "never sent", &[]);
            self.fall_over();
        }
        if flags & 2 != 0 {
            self.tell(io, &namespace, &[], &[], None, flags >> 6);
        }
        if flags & 8 != 0 {
            self.ask(io, socket, Duration::from_secs(5));
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let (socket, args) = (event.socket, event.args);
        let namespace = {
            let world = self.world();
            let seat = world
                .seats
                .get(&socket)
                .expect("an event of somebody who is there");
            seat.namespace.clone()
        };
        let (first, flags) = (number(&args, 0), number(&args, 1));
        let room = ROOMS[usize::from(first) % ROOMS.len()];
        let waits = [Duration::ZERO, Duration::from_millis(150), Duration::MAX];
        let wait = waits[usize::from(flags) % waits.len()];
        match event.name {
            "say" => self.tell(io, &namespace, &[room], &[], Some(socket), flags),
            "all" => self.tell(io, &namespace, &[], &[], None, flags),
            "some" => self.tell(io, &namespace, &["r", "s"], &[room], None, flags),
            "join" => self.join(io, socket, room),
            "leave" => {
                io.leave(socket, room);
                let mut world = self.world();
                world
                    .seats
                    .get_mut(&socket)
                    .expect("is there")
                    .rooms
                    .remove(room);
            }
            "ask me" => self.ask(io, socket, wait),
            "ask all" => self.ask_all(io, &namespace, room, wait),
            "answer me" => {
                if let Some(reply) = event.reply {
                    let mut world = self.world();
                    world.number += 1;
                    let number = world.number;
                    io.reply(reply, &[&number]).expect("is there");
                    let prefix = if namespace == "/" {
                        ""
                    } else {
                        &format!("{namespace},")
                    };
                    world.record(&[socket], &format!("43{prefix}7[{number}]"), false);
                }
            }
            "kick" => {
                for other in io.broadcast(&namespace).to(room).fetch_sockets() {
                    if flags & 1 == 0 {
                        io.disconnect(other)
                    } else {
                        io.close(other)
                    }
                }
            }
            "go" => io.disconnect(socket),
            "panic" => {
                let _ = io.broadcast(&namespace).emit("never sent", &[]);
                let _ = io.emit_with_ack(socket, "never sent", &[], Duration::ZERO);
                io.disconnect(socket);
                self.fall_over();
            }
            _ => {}
        }
    }

    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        let mut world = self.world();
        assert!(
            world.asked.remove(&(ticket.socket, ticket.id)),
            "one outcome a question"
        );
        match outcome {
            Ok(args) => {
                assert!(
                    world.seats.contains_key(&ticket.socket),
                    "an answer of who is there"
                );
                let fall = number(&args, 0) == 1;
                drop(world);
                if fall {
                    let _ = io.broadcast("/").emit("never sent", &[]);
                    self.fall_over();
                }
            }
            Err(AckError::Disconnected) => world.leave(ticket.socket),
            Err(AckError::TooMany) => panic!("was told when it asked"),
            Err(AckError::TimedOut) => {
                drop(world);
                // Once more, at once if it is in this room.
                if io.rooms(ticket.socket).contains(&"t") {
                    self.ask(io, ticket.socket, Duration::ZERO);
                }
            }
        }
    }

    fn answers(&mut self, _: &mut Io<'_>, ticket: BroadcastTicket, answers: Answers) {
        let asked = self
            .world()
            .polled
            .remove(&ticket)
            .expect("one outcome a broadcast");
        let all = answers.len() == asked;
        assert!(
            all == answers.error.is_none() && answers.len() <= asked,
            "{answers:?} of {asked}"
        );
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, _: DisconnectReason) {
        let namespace = io.namespace(socket).expect("is there still").to_owned();
        let rooms: Vec<String> = io
            .rooms(socket)
            .iter()
            .map(|room| (*room).to_owned())
            .collect();
        let falls = rooms.iter().any(|room| room == "t");
        self.world().leave(socket);
        if falls {
            let _ = io.broadcast(&namespace).emit("never sent", &[]);
            self.fall_over();
        }
        self.tell(io, &namespace, &[ROOMS[0]], &[], None, 0);
    }
}
