//! Times as EC2 and STS write them: `2026-01-31T23:59:59.000Z`. Must not know a clock.

use peerage_core::time::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// The last time that has four digits of a year.
const LAST_MS: i64 = 253_402_300_799_000;

/// A time in UTC, with its milliseconds.
pub(super) fn text(at: Timestamp) -> String {
    let millis = at.as_millis().clamp(0, LAST_MS);
    let (year, month, day) = date(millis / DAY_MS);
    let rest = millis % DAY_MS;
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a number of days since 1970: whole years and months are taken off it.
fn date(days: i64) -> (i64, i64, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_ec2_does() {
        let times = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_767_225_599_000, "2025-12-31T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-31T23:59:59.000Z"),
            (-1, "1970-01-01T00:00:00.000Z"),
        ];
        for (millis, expected) in times {
            assert_eq!(text(Timestamp::from_millis(millis)), expected);
        }
    }
}
