//! Which version of an operation a client is served: `Accept` against the operation's own dates.
//!
//! The newest date not after the one asked for is served; a client that names no date gets the
//! oldest, so that what it read yesterday it can read tomorrow. Request bodies have no version:
//! clients send any spelling of JSON with any `Accept`.

use ::http::header::ACCEPT;
use ::http::{HeaderMap, HeaderValue};
use mediatype::{MediaType, MediaTypeList, ReadParams};

use super::fault::Fault;
use super::operation::Media;

/// `Content-Type` of every error and of what has no versions.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The elements of `Accept` that are looked at.
const RANGES_MAX: usize = 32;

/// The bytes of `Accept` that a refusal repeats.
const SHOWN_MAX: usize = 200;

/// What `Accept` asks for, in one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish<'a> {
    /// Any JSON will do.
    AnyJson,
    /// The contract as of this day.
    Dated(&'a str),
    /// Nothing that is served here.
    Other,
}

/// The version to serve, such as `2023-01-01`; empty where there are no versions.
pub(super) fn negotiate(headers: &HeaderMap, media: Media) -> Result<&'static str, Fault> {
    let versions = match media {
        Media::Plain => return Ok(""),
        Media::Atlas(versions) => versions,
    };
    if let Some(found) = only_dated(headers).and_then(|day| newest(versions, day)) {
        return Ok(found);
    }
    let accept = accept(headers);
    if accept.trim().is_empty() {
        return oldest(versions);
    }
    let mut wishes: Vec<(u16, Wish<'_>)> = MediaTypeList::new(&accept)
        .take(RANGES_MAX)
        .filter_map(Result::ok)
        .map(|range| (weight(&range), wish(&range)))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    // The sort is stable: of two alike the first one counts.
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let found = wishes.iter().find_map(|(_, wish)| match wish {
        Wish::AnyJson => versions.first().copied(),
        Wish::Dated(day) => newest(versions, day),
        Wish::Other => None,
    });
    found.ok_or_else(|| Fault::NotAcceptable(accept.chars().take(SHOWN_MAX).collect()))
}

/// `Content-Type` of an answer.
pub(super) fn content_type(version: &str) -> HeaderValue {
    if version.is_empty() {
        return JSON;
    }
    let text = format!("application/vnd.atlas.{version}+json;charset=utf-8");
    HeaderValue::try_from(text).unwrap_or(JSON)
}

/// Whether a body of this type is read as JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let Ok(media) = MediaType::parse(content_type.trim()) else { return false };
    let is = |name: mediatype::Name<'_>, text: &str| name.as_str().eq_ignore_ascii_case(text);
    let bare = media.suffix.is_none() && is(media.subty, "json");
    let suffixed = media.suffix.is_some_and(|suffix| is(suffix, "json"));
    (is(media.ty, "application") && (bare || suffixed)) || (is(media.ty, "text") && bare)
}

/// The day of an `Accept` that names one version and nothing else: what nearly every client sends,
/// and read more cheaply than a list of media types.
fn only_dated(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(ACCEPT).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    dated_only(value.to_str().ok()?.strip_prefix("application/")?.strip_suffix("+json")?)
}

fn dated_only(subtype: &str) -> Option<&str> {
    match dated(subtype) {
        Wish::Dated(day) => Some(day),
        Wish::AnyJson | Wish::Other => None,
    }
}

/// The newest version that is not after a day.
fn newest(versions: &'static [&'static str], day: &str) -> Option<&'static str> {
    versions.iter().rev().find(|version| **version <= day).copied()
}

fn oldest(versions: &'static [&'static str]) -> Result<&'static str, Fault> {
    versions.first().copied().ok_or(Fault::Internal("an operation has no version"))
}

/// All `Accept` headers as one list; bytes that are no text make an element that nobody serves.
fn accept(headers: &HeaderMap) -> String {
    let values = headers.get_all(ACCEPT).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ")
}

/// The quality of a range in thousandths.
fn weight(range: &MediaType<'_>) -> u16 {
    const Q: mediatype::Name<'_> = mediatype::Name::new_unchecked("q");
    let Some(value) = range.get_param(Q) else { return 1_000 };
    let text = value.as_str();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match text.parse::<f32>() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        Ok(quality) if digits => (quality.clamp(0.0, 1.0) * 1_000.0) as u16,
        _ => 1_000,
    }
}

fn wish<'a>(range: &MediaType<'a>) -> Wish<'a> {
    let (kind, subtype) = (range.ty.as_str(), range.subty.as_str());
    let suffix = range.suffix.map(|suffix| suffix.as_str());
    let application = kind.eq_ignore_ascii_case("application");
    match suffix {
        None if kind == "*" && subtype == "*" => Wish::AnyJson,
        None if application && (subtype == "*" || subtype.eq_ignore_ascii_case("json")) => {
            Wish::AnyJson
        }
        Some(suffix) if application && suffix.eq_ignore_ascii_case("json") => dated(subtype),
        _ => Wish::Other,
    }
}

fn dated(subtype: &str) -> Wish<'_> {
    const PREFIX: &str = "vnd.atlas.";
    match subtype.split_at_checked(PREFIX.len()) {
        Some((prefix, day)) if prefix.eq_ignore_ascii_case(PREFIX) && is_day(day) => {
            Wish::Dated(day)
        }
        _ => Wish::Other,
    }
}

/// `2023-01-01` and the like: such texts are ordered as their days are.
fn is_day(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let part = |from, to, low, high| {
        let number = text.get(from..to).and_then(|part| part.parse::<u8>().ok());
        number.is_some_and(|number| (low..=high).contains(&number))
    };
    shape && part(5, 7, 1, 12) && part(8, 10, 1, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Media = Media::Atlas(&["2023-01-01", "2024-08-05"]);

    fn check(accept: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(negotiate(&headers, TWO).ok(), expected, "{accept:?}");
        assert_eq!(negotiate(&headers, Media::Plain).ok(), Some(""));
    }

    /// CONTRACT §5, versions.
    #[test]
    fn the_newest_version_not_after_the_day_is_served() {
        check(&["application/vnd.atlas.2022-12-31+json"], None);
        check(&["application/vnd.atlas.2023-01-01+json"], Some("2023-01-01"));
        check(&["application/vnd.atlas.2024-08-04+json"], Some("2023-01-01"));
        check(&["application/vnd.atlas.2024-08-05+json"], Some("2024-08-05"));
        check(&["Application/VND.Atlas.2099-01-01+JSON; charset=utf-8"], Some("2024-08-05"));
    }

    #[test]
    fn whoever_names_no_day_gets_the_oldest() {
        for accept in ["application/json", "*/*", "application/*", "", " ", "text/html, */*;q=0.8"]
        {
            check(&[accept], Some("2023-01-01"));
        }
        check(&[], Some("2023-01-01"));
    }

    #[test]
    fn what_is_not_served_is_not_acceptable() {
        for accept in [
            "text/html",
            "application/vnd.atlas.preview+json",
            "application/vnd.atlas.2024-08-05+csv",
            "application/vnd.atlas.2024-08-05.upcoming+json",
            "application/vnd.atlas.2024-13-05+json",
            "application/vnd.atlas.+json",
            "application/json;q=0",
            "nonsense",
        ] {
            check(&[accept], None);
        }
    }

    #[test]
    fn quality_comes_before_order() {
        let old = "application/vnd.atlas.2023-01-01+json";
        let new = "application/vnd.atlas.2024-08-05+json";
        check(&[&format!("{old};q=0.5, {new}")], Some("2024-08-05"));
        check(&[&format!("{old}, {new}")], Some("2023-01-01"));
        check(&[&format!("{old};q=0"), new], Some("2024-08-05"));
        check(&["application/vnd.atlas.2000-01-01+json", "*/*;q=0.1"], Some("2023-01-01"));
    }

    #[test]
    fn a_body_is_json_in_any_spelling() {
        for text in [
            "application/json",
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
            "application/vnd.atlas.2023-01-01+json",
            "text/json",
        ] {
            assert!(is_json(text), "{text}");
        }
        for text in ["text/plain", "application/x-www-form-urlencoded", "json", "", "text/x+json"] {
            assert!(!is_json(text), "{text}");
        }
    }
}
