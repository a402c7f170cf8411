//! Waiting for a condition, always with a bound; says the last state when it runs out.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::bail;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// What a look saw.
#[derive(Debug)]
pub enum Seen<T> {
    /// It holds, and this came of it.
    Holds(T),
    /// Not yet: how it stands instead.
    NotYet(String),
}

/// Looks until it holds.
///
/// # Errors
/// It did not hold within `bound`, or looking failed.
pub async fn until<T, F>(
    what: &str,
    bound: Duration,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Seen<T>>>,
{
    let end = Instant::now() + bound;
    loop {
        match look().await? {
            Seen::Holds(value) => return Ok(value),
            Seen::NotYet(state) if Instant::now() >= end => {
                bail!("not within {bound:?}: {what}; it stands so: {state}")
            }
            Seen::NotYet(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
