//! What was measured: samples by row and server, their median and spread.

use std::collections::BTreeMap;

use crate::rows::Row;
use crate::server::Server;

/// All samples of a run.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<(Row, Server), Vec<f64>>);

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Results {
    pub(crate) fn add(&mut self, row: Row, server: Server, sample: f64) {
        self.0.entry((row, server)).or_default().push(sample);
    }

    pub(crate) fn get(&self, row: Row, server: Server) -> Option<Summary> {
        self.0
            .get(&(row, server))
            .and_then(|samples| Summary::of(samples))
    }

    pub(crate) fn median(&self, row: Row, server: Server) -> Option<f64> {
        self.get(row, server).map(|summary| summary.median)
    }
}

impl Summary {
    /// `None` without samples.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            least,
            most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        let odd = Summary::of(&[9.0, 1.0, 5.0]).unwrap();
        assert_eq!((odd.least, odd.median, odd.most), (1.0, 5.0, 9.0));
        assert_eq!(Summary::of(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
        assert_eq!(Summary::of(&[7.0]).unwrap().median, 7.0);
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn samples_of_one_server_are_not_another_s() {
        let mut results = Results::default();
        results.add(Row::Connect, Server::Floor, 1.0);
        results.add(Row::Connect, Server::Floor, 3.0);
        assert_eq!(results.median(Row::Connect, Server::Floor), Some(2.0));
        assert_eq!(results.median(Row::Connect, Server::Parlor), None);
    }
}
