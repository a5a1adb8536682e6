//! Finds values by ids that stand in the values themselves: a hash table of keys alone, a third
//! as large as a map that has the ids a second time. Pure.
//!
//! The ids must be random and made here, since a fast hash is used. Whoever has the values lends
//! them for each question, as a function from a key to its id.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};

/// An index of values by their ids.
#[derive(Debug)]
pub(crate) struct Index<K> {
    keys: HashTable<K>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        let keys = HashTable::new();
        Self { keys }
    }
}

fn hash<I: Hash>(id: &I) -> u64 {
    FxBuildHasher.hash_one(id)
}

impl<K: Copy + Eq> Index<K> {
    /// Adds a value, whose id no other has.
    pub(crate) fn insert<'a, I: Hash + 'a>(
        &mut self,
        key: K,
        id: &I,
        id_of: impl Fn(K) -> Option<&'a I>,
    ) {
        let of_moved = |key: &K| id_of(*key).map_or(0, hash);
        self.keys.insert_unique(hash(id), key, of_moved);
    }

    /// The key of the value with this id.
    pub(crate) fn find<'a, I: Hash + Eq + 'a>(
        &self,
        id: &I,
        id_of: impl Fn(K) -> Option<&'a I>,
    ) -> Option<K> {
        let found = self.keys.find(hash(id), |key| id_of(*key) == Some(id));
        found.copied()
    }

    /// How many values are in it.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Forgets a value.
    pub(crate) fn remove<I: Hash>(&mut self, key: K, id: &I) {
        if let Ok(entry) = self.keys.find_entry(hash(id), |other| *other == key) {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_ids_until_they_are_removed() {
        let ids: Vec<String> = (0..1000).map(|n| format!("id {n}")).collect();
        let of = |key: usize| ids.get(key);
        let mut index = Index::default();
        for (key, id) in ids.iter().enumerate() {
            index.insert(key, id, of);
        }
        assert!((0..1000).all(|key| index.find(&ids[key], of) == Some(key)));
        assert_eq!(index.find(&"another".to_owned(), of), None);
        for key in (0..1000).step_by(2) {
            index.remove(key, &ids[key]);
        }
        assert!(
            (0..1000).all(|key| index.find(&ids[key], of) == Some(key).filter(|key| key % 2 == 1))
        );
    }
}
