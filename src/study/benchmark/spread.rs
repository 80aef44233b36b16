//! Several measurements of one thing.

/// The middle one, and how far the others lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The median; of an even number, the upper one of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// The spread of measurements.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (first, last) = (values.first(), values.last());
        let (min, max) = (*first.expect("something was measured"), *last.expect("something was measured"));
        Self { median: values[values.len() / 2], min, max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_between_the_extremes() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(Spread::of(vec![4.0]), Spread { median: 4.0, min: 4.0, max: 4.0 });
    }
}
