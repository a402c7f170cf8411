//! Times as Compute Engine writes them: RFC 3339 with milliseconds and the offset of California.
//! Its daylight saving is left out: the offset is always that of the winter.

use peerage_core::time::Timestamp;

/// How far the written time is behind UTC.
const OFFSET_HOURS: i64 = 8;

const DAY_MS: i64 = 86_400_000;

/// `2026-03-02T14:50:39.800-08:00`.
pub(super) fn text(at: Timestamp) -> String {
    let local = at.as_millis().saturating_sub(OFFSET_HOURS * 3_600_000);
    let (days, ms) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let (year, month, day) = date(days);
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, milli) = (ms / 1_000 % 60, ms % 1_000);
    let time = format!("{hour:02}:{minute:02}:{second:02}.{milli:03}");
    format!("{year:04}-{month:02}-{day:02}T{time}-0{OFFSET_HOURS}:00")
}

/// Days since 1970-01-01 as year, month and day: years are counted from a first of March, so that
/// the leap day is a year's last.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_compute_engine_writes_it() {
        let check = |millis: i64, expected: &str| {
            assert_eq!(text(Timestamp::from_millis(millis)), expected);
        };
        check(0, "1969-12-31T16:00:00.000-08:00");
        check(1_700_000_000_123, "2023-11-14T14:13:20.123-08:00");
        check(951_811_200_000, "2000-02-29T00:00:00.000-08:00");
        check(1_772_495_439_800, "2026-03-02T15:50:39.800-08:00");
    }

    #[test]
    fn the_ends_of_time_are_written_without_a_panic() {
        assert!(text(Timestamp::from_millis(i64::MAX)).ends_with("-08:00"));
        assert!(text(Timestamp::from_millis(i64::MIN)).ends_with("-08:00"));
    }
}
