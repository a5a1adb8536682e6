//! Who receives, by example and against a model of plain maps.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

impl Registry {
    /// For tests: the namespaces that are known.
    pub(crate) fn namespaces_len(&self) -> usize {
        self.namespaces.len()
    }

    /// For tests: whether what is kept twice agrees.
    pub(crate) fn expect_consistent(&self) {
        assert_eq!(self.by_id.len(), self.sockets.len());
        assert_eq!(self.by_name.len(), self.namespaces.len());
        let members: usize = self.namespaces.values().map(|n| n.members.len()).sum();
        assert_eq!(members, self.sockets.len());
        for (_, namespace) in &self.namespaces {
            for (at, member) in namespace.members.iter().enumerate() {
                assert_eq!(self.sockets[*member].at as usize, at);
            }
        }
    }
}

struct Rig {
    registry: Registry,
    main: NamespaceKey,
    sockets: Vec<SocketKey>,
}

impl Rig {
    fn new(count: u8) -> Self {
        let mut registry = Registry::default();
        let main = registry.open_namespace("/", false);
        let sockets = (0..count).map(|n| {
            let key = registry.add(SessionKey::default(), main, SocketId::from_random([n; 15]));
            registry.set_connected(key, true);
            key
        });
        let sockets = sockets.collect();
        Self {
            registry,
            main,
            sockets,
        }
    }

    fn to(&mut self, rooms: &[&str], except: &[&str], sender: Option<usize>) -> Vec<usize> {
        let mut out = Vec::new();
        let sender = sender.map(|at| self.sockets[at]);
        self.registry
            .receivers(self.main, rooms, except, sender, &mut out);
        let mut list: Vec<_> = out
            .iter()
            .filter_map(|key| self.sockets.iter().position(|other| other == key))
            .collect();
        list.sort_unstable();
        list
    }
}

#[test]
fn each_receiver_counts_once_over_several_rooms_and_the_sender_not_at_all() {
    let mut rig = Rig::new(4);
    for (socket, room) in [(0, "a"), (1, "a"), (1, "b"), (2, "b"), (3, "c")] {
        assert!(rig.registry.join(rig.sockets[socket], room, 8));
    }
    assert_eq!(rig.to(&["a", "b", "a"], &[], None), [0, 1, 2]);
    assert_eq!(rig.to(&["a", "b"], &[], Some(0)), [1, 2]);
    assert_eq!(rig.to(&["a", "b"], &["b"], None), [0]);
    assert_eq!(rig.to(&[], &["c", "nobody"], Some(0)), [1, 2]);
    assert_eq!(rig.to(&["nobody"], &[], None), [0; 0]);
}

#[test]
fn a_namespace_goes_with_its_last_socket() {
    let mut rig = Rig::new(2);
    for n in 0..3 {
        let made_up = rig.registry.open_namespace(&format!("/{n}"), true);
        let id = SocketId::from_random([9; 15]);
        let socket = rig.registry.add(SessionKey::default(), made_up, id);
        assert_eq!(rig.registry.namespaces.len(), 2);
        rig.registry.remove(socket);
        assert!(rig.registry.find_namespace(&format!("/{n}")).is_none());
    }
    assert_eq!(rig.registry.namespaces.len(), 1);
    assert_eq!(rig.to(&[], &[], None), [0, 1], "others stay as they are");
}

#[test]
fn a_socket_has_a_room_of_its_own_that_can_be_left() {
    let mut rig = Rig::new(2);
    let id = SocketId::from_random([1; 15]);
    assert_eq!(rig.to(&[id.as_str()], &[], None), [1]);
    assert_eq!(rig.to(&[], &[id.as_str()], None), [0]);
    rig.registry.leave(rig.sockets[1], id.as_str());
    assert_eq!(rig.to(&[id.as_str()], &[], None), [0; 0]);
    assert!(rig.registry.join(rig.sockets[0], id.as_str(), 8));
    assert_eq!(rig.to(&[id.as_str()], &[], None), [0]);
    assert!(rig.registry.join(rig.sockets[1], id.as_str(), 8));
    assert_eq!(rig.to(&[id.as_str()], &[], None), [0, 1]);
    let other = rig.registry.open_namespace("/other", false);
    let mut out = Vec::new();
    rig.registry
        .receivers(other, &[id.as_str()], &[], None, &mut out);
    assert!(out.is_empty(), "an id means nothing in another namespace");
}

#[test]
fn rooms_per_socket_are_bounded_and_joining_twice_is_joining_once() {
    let mut rig = Rig::new(1);
    assert!(rig.registry.join(rig.sockets[0], "a", 1));
    assert!(rig.registry.join(rig.sockets[0], "a", 1));
    assert!(!rig.registry.join(rig.sockets[0], "b", 1));
    assert_eq!(rig.registry.rooms(rig.sockets[0]).len(), 2);
    assert_eq!(rig.registry.rooms_len(), 1);
}

proptest! {
    /// Against a model of plain maps: the same members after any joins, leaves and ends,
    /// and nothing is left when all have gone.
    #[test]
    fn memberships_agree_with_a_model(ops in proptest::collection::vec((0usize..6, 0u8..4, 0u8..3), 0..60)) {
        let mut rig = Rig::new(6);
        let mut model: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut alive: BTreeSet<usize> = (0..6).collect();
        for (socket, room, op) in ops {
            let name = format!("room {room}");
            match op {
                0 if alive.contains(&socket) => {
                    rig.registry.join(rig.sockets[socket], &name, 8);
                    model.entry(name).or_default().insert(socket);
                }
                1 => {
                    rig.registry.leave(rig.sockets[socket], &name);
                    model.entry(name).or_default().remove(&socket);
                }
                _ if room == 0 => {
                    rig.registry.remove(rig.sockets[socket]);
                    alive.remove(&socket);
                    model.values_mut().for_each(|members| _ = members.remove(&socket));
                }
                _ => {}
            }
        }
        for (name, members) in &model {
            prop_assert_eq!(rig.to(&[name], &[], None), members.iter().copied().collect::<Vec<_>>());
        }
        prop_assert_eq!(rig.to(&[], &[], None), alive.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(rig.registry.rooms_len(), model.values().filter(|members| !members.is_empty()).count());
        for key in rig.sockets.clone() {
            rig.registry.remove(key);
        }
        prop_assert!(rig.registry.is_empty() && rig.registry.rooms_len() == 0 && rig.registry.by_id.len() == 0);
        rig.registry.expect_consistent();
        prop_assert!(rig.registry.namespaces[rig.main].members.is_empty(), "the main one stays, empty");
    }
}
