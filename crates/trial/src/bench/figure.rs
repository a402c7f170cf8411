//! Figures of several rounds, and the lines of the table that they become.

use std::fmt::Write as _;

/// One figure, measured once in each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Takes one more round in.
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The value in the middle; of an even number, the mean of the two.
    #[must_use]
    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        let half = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[half],
            _ => f64::midpoint(sorted[half - 1], sorted[half]),
        }
    }

    /// Each round's value over the other's of the same round.
    #[must_use]
    pub(crate) fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The median, and in brackets the least and the most.
    #[must_use]
    pub(crate) fn show(&self) -> String {
        let sorted = self.sorted();
        match (sorted.first(), sorted.last()) {
            (Some(least), Some(most)) if sorted.len() > 1 => {
                let (least, most) = (number(*least), number(*most));
                format!("{} ({least}–{most})", number(self.median()))
            }
            _ => number(self.median()),
        }
    }
}

/// A number with about three digits that count.
fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        let whole = format!("{value:.0}");
        let mut text = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                text.push(',');
            }
            text.push(digit);
        }
        text
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
    /// Nothing is asked of it.
    Shown,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    what: String,
    measured: String,
    beside: String,
    target: String,
    result: &'static str,
}

impl Line {
    /// A figure that has a target by itself.
    #[must_use]
    pub(crate) fn alone(what: &str, measured: &Sample, unit: &str, target: Target) -> Self {
        let shown = format!("{} {unit}", measured.show());
        Self::new(what, shown, String::new(), measured.median(), target, unit)
    }

    /// A figure beside what it is compared with; the target is on the ratio of the two.
    #[must_use]
    pub(crate) fn beside(
        what: &str,
        measured: (&Sample, &str),
        other: (&str, &Sample),
        target: Target,
    ) -> Self {
        let ratio = measured.0.over(other.1);
        let shown = format!("{} {}", measured.0.show(), measured.1);
        let beside = format!("{}: {}; ratio {}", other.0, other.1.show(), ratio.show());
        Self::new(what, shown, beside, ratio.median(), target, "×")
    }

    /// What could not be measured, and why.
    #[must_use]
    pub(crate) fn missing(what: &str, why: &str) -> Self {
        let (what, beside) = (what.to_owned(), why.to_owned());
        let target = String::new();
        Self { what, measured: "not measured".to_owned(), beside, target, result: "–" }
    }

    fn new(
        what: &str,
        measured: String,
        beside: String,
        value: f64,
        target: Target,
        unit: &str,
    ) -> Self {
        let (target, result) = match target {
            Target::Least(least) => (format!("≥ {} {unit}", number(least)), value >= least),
            Target::Most(most) => (format!("≤ {} {unit}", number(most)), value <= most),
            Target::Shown => (String::new(), true),
        };
        let result = match (target.is_empty(), result) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => "**missed**",
        };
        Self { what: what.to_owned(), measured, beside, target, result }
    }

    /// For the person who waits.
    #[must_use]
    pub(crate) fn say(&self) -> String {
        let parts = [&self.what, &self.measured, &self.beside, &self.target];
        let said: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("{} {}", said.join(" | "), self.result)
    }
}

/// The table in Markdown.
#[must_use]
pub(crate) fn table(lines: &[Line]) -> String {
    let mut text =
        String::from("| what | measured | beside it | target | |\n|---|---|---|---|---|\n");
    for Line { what, measured, beside, target, result } in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {what} | {measured} | {beside} | {target} | {result} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample(values.to_vec())
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let ours = sample(&[10.0, 30.0, 20.0]);
        let ratio = ours.over(&sample(&[10.0, 10.0, 10.0]));
        assert_eq!(ratio.show(), "2.00 (1.00–3.00)");
        assert_eq!(sample(&[1.0, 4.0]).median(), 2.5);
    }

    #[test]
    fn a_line_says_whether_its_target_is_met() {
        let line = |target| Line::alone("x", &sample(&[2.0]), "ms", target).say();
        assert_eq!(line(Target::Most(2.0)), "x | 2.00 ms | ≤ 2.00 ms met");
        assert_eq!(line(Target::Most(1.9)), "x | 2.00 ms | ≤ 1.90 ms **missed**");
        assert_eq!(line(Target::Least(2.1)), "x | 2.00 ms | ≥ 2.10 ms **missed**");
        assert_eq!(line(Target::Shown), "x | 2.00 ms ");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(1_000.0), "1,000");
        assert_eq!(number(123.4), "123");
        assert_eq!(number(0.123), "0.12");
    }
}
