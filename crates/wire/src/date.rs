//! Dates on the wire: RFC 3339 in UTC with whole seconds, such as `2026-08-10T03:05:16Z`. What
//! clients send may have a fraction, another offset, or none, which means UTC.

use core::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use peerage_core::time::Timestamp;

/// Longest text that can be a date.
const TEXT_LENGTH_MAX: usize = 40;

/// The text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDate;

impl fmt::Display for InvalidDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date and time of RFC 3339, such as 2026-08-10T03:05:16Z")
    }
}

impl std::error::Error for InvalidDate {}

/// Writes a point in time; what lies outside the calendar is written as its nearest end.
#[must_use]
pub fn text(at: Timestamp) -> String {
    let seconds = at.as_millis().div_euclid(1000);
    let end = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_second(seconds).unwrap_or(end).to_string()
}

/// Reads a point in time, to the millisecond.
///
/// # Errors
/// [`InvalidDate`] for anything but a date and time of RFC 3339, its offset left out or not.
pub fn parse(text: &str) -> Result<Timestamp, InvalidDate> {
    let plain = |byte: u8| byte.is_ascii_digit() || b"TtZz:.+-".contains(&byte);
    if text.len() > TEXT_LENGTH_MAX || !text.bytes().all(plain) {
        return Err(InvalidDate);
    }
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => text
            .parse::<DateTime>()
            .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
            .map_err(|_| InvalidDate)?,
    };
    Ok(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_has_whole_seconds() {
        let at = Timestamp::from_millis(1_786_331_116_789);
        assert_eq!(text(at), "2026-08-10T03:05:16Z");
        assert_eq!(text(Timestamp::ZERO), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_date_is_read_with_fraction_offset_or_neither() {
        let at = |text| parse(text).map(Timestamp::as_millis);
        assert_eq!(at("2026-08-10T03:05:16Z"), Ok(1_786_331_116_000));
        assert_eq!(at("2026-08-10T03:05:16.789Z"), Ok(1_786_331_116_789));
        assert_eq!(at("2026-08-10T05:05:16+02:00"), Ok(1_786_331_116_000));
        assert_eq!(at("2026-08-10T03:05:16"), Ok(1_786_331_116_000));
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-08-10 03:05:16Z"] {
            assert_eq!(at(text), Err(InvalidDate), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_date_is_read_back(seconds in 0_i64..4_000_000_000) {
            let at = Timestamp::from_millis(seconds * 1000);
            prop_assert_eq!(parse(&text(at)), Ok(at));
        }

        #[test]
        fn no_text_makes_it_panic(written in "[-0-9TZ:.+]{0,45}", millis in any::<i64>()) {
            let _ = parse(&written);
            let _ = text(Timestamp::from_millis(millis));
        }
    }
}
