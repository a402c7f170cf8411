//! Points in time as the clouds write them. Must not know a clock.

use jiff::tz::Offset;
use peerage_core::time::Timestamp;

/// `2026-11-28T18:00:00.000Z`: EC2, STS, Resource Manager.
pub(crate) fn utc(at: Timestamp) -> String {
    written(at, "%Y-%m-%dT%H:%M:%S.%3fZ", Offset::UTC)
}

/// `2026-11-28T10:00:00.000-08:00`: Compute Engine, in the time of California. Its daylight saving
/// is left out: the offset is always that of the winter.
pub(crate) fn pacific(at: Timestamp) -> String {
    written(at, "%Y-%m-%dT%H:%M:%S.%3f-08:00", Offset::constant(-8))
}

/// What lies before 1970 is written as its first moment, what lies beyond the calendar as its last.
fn written(at: Timestamp, format: &str, offset: Offset) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis().max(0));
    let at = at.unwrap_or(jiff::Timestamp::MAX);
    offset.to_datetime(at).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_as_the_clouds_do() {
        let points = [
            (0, "1970-01-01T00:00:00.000Z", "1969-12-31T16:00:00.000-08:00"),
            (-1, "1970-01-01T00:00:00.000Z", "1969-12-31T16:00:00.000-08:00"),
            (951_811_200_123, "2000-02-29T08:00:00.123Z", "2000-02-29T00:00:00.123-08:00"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z", "2023-11-14T14:13:20.123-08:00"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z", "2100-02-28T16:00:00.000-08:00"),
            (i64::MAX, "9999-12-30T22:00:00.999Z", "9999-12-30T14:00:00.999-08:00"),
        ];
        for (millis, in_utc, in_pacific) in points {
            let at = Timestamp::from_millis(millis);
            assert_eq!((utc(at).as_str(), pacific(at).as_str()), (in_utc, in_pacific));
        }
    }
}
