//! The statistics of the budget.

/// A row of lengths, in order.
pub(super) struct Lengths(Vec<usize>);

impl Lengths {
    pub(super) fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut lengths: Vec<usize> = lengths.into_iter().collect();
        lengths.sort_unstable();
        Self(lengths)
    }

    pub(super) fn median(&self) -> usize {
        self.percentile(50)
    }

    pub(super) fn p90(&self) -> usize {
        self.percentile(90)
    }

    pub(super) fn max(&self) -> usize {
        self.percentile(100)
    }

    /// The smallest length that `percent` of all lengths do not exceed; 0 if there are none.
    fn percentile(&self, percent: usize) -> usize {
        let rank = (self.0.len() * percent).div_ceil(100);
        rank.checked_sub(1).map_or(0, |index| self.0[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_occur() {
        let lengths = Lengths::new([10, 9, 8, 7, 6, 5, 4, 3, 2, 100]);
        assert_eq!((lengths.median(), lengths.p90(), lengths.max()), (6, 10, 100));
        let one = Lengths::new([7]);
        assert_eq!((one.median(), one.p90(), one.max()), (7, 7, 7));
    }

    #[test]
    fn nothing_has_no_length() {
        assert_eq!(Lengths::new([]).max(), 0);
    }
}
