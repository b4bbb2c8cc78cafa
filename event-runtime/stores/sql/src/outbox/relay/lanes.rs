//! The order inside a batch: rows of one key one after the other, everything else side by side.

use std::collections::{HashMap, VecDeque};

use crate::outbox::rows::Claimed;

/// The rows of a batch that were not tried yet: one lane a key, and one for each row without a key.
#[derive(Debug, Default)]
pub(super) struct Lanes(Vec<VecDeque<Claimed>>);

impl Lanes {
    /// `rows` in the order of their sequence.
    pub(super) fn new(rows: Vec<Claimed>) -> Self {
        let mut lanes: Vec<VecDeque<Claimed>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let place = row.ordering_key.as_ref().and_then(|key| places.get(key).copied());
            if let Some(lane) = place.and_then(|place| lanes.get_mut(place)) {
                lane.push_back(row);
                continue;
            }
            if let Some(key) = &row.ordering_key {
                places.insert(key.clone(), lanes.len());
            }
            lanes.push(VecDeque::from([row]));
        }
        Self(lanes)
    }

    /// The first row of every lane.
    pub(super) fn next_wave(&mut self) -> Vec<Claimed> {
        let wave = self.0.iter_mut().filter_map(VecDeque::pop_front).collect();
        self.0.retain(|lane| !lane.is_empty());
        wave
    }

    /// Ends the lane of `key`; how many rows stood in it.
    pub(super) fn close(&mut self, key: &str) -> usize {
        let place = self
            .0
            .iter()
            .position(|lane| lane.front().is_some_and(|row| row.ordering_key.as_deref() == Some(key)));
        place.map_or(0, |place| self.0.swap_remove(place).len())
    }

    /// Forgets every row; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).iter().map(VecDeque::len).sum()
    }

    pub(super) fn sequences(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flatten().map(|row| row.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> Lanes {
        let row = |(sequence, key): (i64, Option<&str>)| {
            let key = key.map(str::to_owned);
            Claimed::from((sequence, "id".into(), "t".into(), key, "{}".into(), 0, None, 0, 0, 0, None))
        };
        Lanes::new([(1, Some("a")), (2, None), (3, Some("a")), (4, Some("b")), (5, None)].map(row).into())
    }

    fn wave(lanes: &mut Lanes) -> Vec<i64> {
        lanes.next_wave().iter().map(|row| row.sequence).collect()
    }

    #[test]
    fn a_key_has_one_row_in_a_wave() {
        let mut lanes = lanes();
        assert_eq!(wave(&mut lanes), [1, 2, 4, 5]);
        assert_eq!(wave(&mut lanes), [3]);
        assert!(wave(&mut lanes).is_empty());
    }

    #[test]
    fn a_closed_lane_gives_its_rows_back() {
        let mut lanes = lanes();
        wave(&mut lanes);
        assert_eq!((lanes.close("a"), lanes.close("b"), lanes.clear()), (1, 0, 0));
    }
}
