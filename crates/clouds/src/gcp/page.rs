//! Lists in pages: `filter`, `orderBy`, `maxResults`, `pageToken`.
//!
//! A page's token is the key of its last row, so that a list goes on where it was, whatever came
//! or went meanwhile; in the order of creation it is the number of rows that were shown.

mod filter;

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::filter::Filter;
use super::answer::Call;
use super::links::link;
use super::refusal::Refusal;

/// The most rows of one page, and how many there are if nothing is asked for.
pub(super) const RESULTS_MAX: usize = 500;

/// A page of `rows`, as lists of resources are answered. `path`: of the list itself.
pub(super) fn list(
    call: &Call,
    kind: &str,
    path: &str,
    rows: Vec<Value>,
) -> Result<Value, Refusal> {
    let (rows, next) = cut(call, rows)?;
    let mut body = json!({ "kind": kind, "id": path, "selfLink": link(path) });
    if !rows.is_empty() {
        body["items"] = Value::Array(rows);
    }
    if let Some(next) = next {
        body["nextPageToken"] = next.into();
    }
    Ok(body)
}

/// The rows of the page that is asked for, and the token of the next one.
pub(super) fn cut(
    call: &Call,
    mut rows: Vec<Value>,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let order = Order::read(call)?;
    let most = results(call)?;
    if let Some(text) = call.query.get("filter").filter(|text| !text.trim().is_empty()) {
        let filter = Filter::parse(text)
            .ok_or_else(|| Refusal::invalid("filter", text, "Invalid list filter expression."))?;
        rows.retain(|row| filter.fits(row));
    }
    order.sort(&mut rows);
    let start = match call.query.get("pageToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => order
            .resume(&rows, token)
            .ok_or_else(|| Refusal::invalid("pageToken", token, "Invalid page token."))?,
    };
    let end = start.saturating_add(most).min(rows.len());
    let next = (end < rows.len() && end > start).then(|| order.token(&rows, end)).flatten();
    rows.truncate(end);
    Ok((rows.split_off(start.min(end)), next))
}

fn results(call: &Call) -> Result<usize, Refusal> {
    let Some(text) = call.query.get("maxResults") else { return Ok(RESULTS_MAX) };
    match text.parse::<usize>() {
        Ok(0) => Ok(RESULTS_MAX),
        Ok(most) if most <= RESULTS_MAX => Ok(most),
        _ => {
            let why = "Value must be between 0 and 500, inclusive";
            Err(Refusal::invalid("maxResults", text, why))
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Name,
    Newest,
}

impl Order {
    fn read(call: &Call) -> Result<Self, Refusal> {
        match call.query.get("orderBy").unwrap_or("") {
            "" | "name" => Ok(Self::Name),
            "creationTimestamp desc" => Ok(Self::Newest),
            other => Err(Refusal::invalid("orderBy", other, "Invalid sort order.")),
        }
    }

    fn sort(self, rows: &mut [Value]) {
        match self {
            Self::Name => rows.sort_by_cached_key(key),
            Self::Newest => {
                rows.sort_by_cached_key(|row| (Reverse(made(row).to_owned()), key(row)));
            }
        }
    }

    fn token(self, rows: &[Value], end: usize) -> Option<String> {
        let text = match self {
            Self::Name => {
                let shown = rows.get(..end)?;
                let last = key(shown.last()?);
                let same = shown.iter().rev().take_while(|row| key(row) == last).count();
                json!([last, same]).to_string()
            }
            Self::Newest => end.to_string(),
        };
        Some(URL_SAFE_NO_PAD.encode(text))
    }

    /// Where the page of a token begins.
    fn resume(self, rows: &[Value], token: &str) -> Option<usize> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        match self {
            Self::Name => {
                let (last, same): ((String, String), usize) = serde_json::from_str(&text).ok()?;
                let first = rows.partition_point(|row| key(row) < last);
                let equal = rows.iter().skip(first).take_while(|row| key(row) == last).count();
                Some(first + equal.min(same))
            }
            Self::Newest => text.parse().ok(),
        }
    }
}

/// What rows are sorted by: their name, or their block where they have none; then what tells those
/// apart that share it: their link, or all that an exchanged route says. Two routes may say the
/// same: a token counts those.
fn key(row: &Value) -> (String, String) {
    let name = row["name"].as_str().or_else(|| row["destRange"].as_str()).unwrap_or("");
    let rest = row["selfLink"].as_str().map_or_else(|| row.to_string(), str::to_owned);
    (name.to_owned(), rest)
}

fn made(row: &Value) -> &str {
    row["creationTimestamp"].as_str().or_else(|| row["insertTime"].as_str()).unwrap_or("")
}
