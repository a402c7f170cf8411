//! What a trial tells the person who started it.

use std::time::Duration;

/// Prints one line.
#[expect(clippy::print_stdout, reason = "a trial talks to the person who started it")]
pub fn say(line: impl AsRef<str>) {
    println!("{}", line.as_ref());
}

/// The value in the middle; nothing of nothing.
#[must_use]
pub fn median(values: &[Duration]) -> Option<Duration> {
    permille(values, 500)
}

/// The value below which so many thousandths of all lie.
#[must_use]
pub fn permille(values: &[Duration], part: usize) -> Option<Duration> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * part / 1000).min(last)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(median(&values), Some(Duration::from_millis(51)));
        assert_eq!(permille(&values, 990), Some(Duration::from_millis(100)));
        assert_eq!(permille(&values, 1000), Some(Duration::from_millis(100)));
        assert_eq!(median(&[]), None);
    }
}
