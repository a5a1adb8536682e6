//! Joining a namespace: the application decides, and the client is told before anything else.

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::session::Outgoing;
use crate::engineio::{CloseReason, SessionKey};
use crate::socketio::application::{Admission, Application, Handshake, Refusal};
use crate::socketio::{SocketId, encode};

impl<A: Application> SocketIo<A> {
    pub(super) fn connect(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        namespace: &str,
        auth: &str,
    ) {
        // A client that joins and leaves in a loop costs as much as one that talks.
        if !self.within_rate(engine, session) {
            Self::refuse(engine, session, namespace, &Refusal::new("Too many events"));
            return;
        }
        let known = self.registry.find_namespace(namespace).is_some()
            || self.call(engine, Some(session), |app, _| app.has_namespace(namespace))
                == Some(true);
        if !known {
            Self::refuse(
                engine,
                session,
                namespace,
                &Refusal::new("Invalid namespace"),
            );
            return;
        }
        let Some(client) = self.clients.get(session) else {
            return;
        };
        if client.sockets().count() >= engine.limits().max_namespaces {
            Self::refuse(
                engine,
                session,
                namespace,
                &Refusal::new("Too many namespaces"),
            );
            return;
        }
        let Some(address) = engine.address(session) else {
            return;
        };
        let Some(random) = engine.random() else {
            engine.close(session, CloseReason::ForcedClose);
            return;
        };
        let key = self.registry.open_namespace(namespace);
        let id = SocketId::from_random(random);
        let socket = self.registry.add(session, key, id);
        self.registry.set_connected(socket, true);
        // The answer comes first, whatever the application emits.
        self.queue
            .push_plain(socket, |out| encode::connect(namespace, &id, out));
        let handshake = Handshake::new(auth, address);
        match self.call(engine, Some(session), |app, io| {
            app.connect(io, socket, &handshake)
        }) {
            Some(Admission::Accept) => {
                if let Some(client) = self.clients.get_mut(session) {
                    client.add(socket);
                    client.connect_by = None;
                }
            }
            // What is queued for the socket, its answer too, finds nobody when it is carried out.
            refused => {
                self.lose_answers(engine, session, socket);
                self.registry.remove(socket);
                if let Some(Admission::Refuse(refusal)) = refused {
                    Self::refuse(engine, session, namespace, &refusal);
                }
            }
        }
    }

    fn refuse(engine: &mut Engine, session: SessionKey, namespace: &str, refusal: &Refusal) {
        let mut packet = String::new();
        encode::connect_error(
            namespace,
            &refusal.message,
            refusal.data.as_deref(),
            &mut packet,
        );
        engine.send(session, Outgoing::Text(&packet));
    }
}
