//! Measures the embedded store:
//! `cargo run --release -p peerage-store --example group_commit [dir]`.
//!
//! A transaction is what making a peering commits: one record of 700 bytes and two index entries.
//! Each figure is the median of five rounds of a second, callers in a closed loop.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use peerage_store::sqlite::{SqliteOptions, SqliteStore};
use peerage_store::{Key, ListRequest, Precondition, Store, Txn, Write};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
const RECORD_BYTES: usize = 700;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let directory = match std::env::args().nth(1) {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let options = SqliteOptions::new(directory.path().join("bench.db"));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options)?);
    let numbers = Arc::new(AtomicU64::new(0));
    println!("callers  commits/s   p50 ms   p99 ms");
    for callers in [1, 16, 64] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(&store, &numbers, callers).await?);
        }
        let rate = median(rounds.iter().map(|round| round.0).collect());
        let p50 = median(rounds.iter().map(|round| round.1).collect());
        let p99 = median(rounds.iter().map(|round| round.2).collect());
        println!("{callers:7}  {rate:9.0}  {p50:7.2}  {p99:7.2}");
    }
    reads(&store, numbers.load(Ordering::Relaxed)).await
}

/// Commits for a while; the rate, and the median and 99th percentile of the waits.
async fn round(
    store: &Arc<dyn Store>,
    numbers: &Arc<AtomicU64>,
    callers: usize,
) -> Outcome<(f64, f64, f64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let start = |_| {
        let (store, numbers, stop) = (Arc::clone(store), Arc::clone(numbers), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let asked = Instant::now();
                store.commit(peering(numbers.fetch_add(1, Ordering::Relaxed))).await?;
                waits.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            Outcome::Ok(waits)
        })
    };
    let tasks: Vec<_> = (0..callers).map(start).collect();
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let rate = waits.len() as f64 / begun.elapsed().as_secs_f64();
    waits.sort_by(f64::total_cmp);
    Ok((rate, waits[waits.len() / 2], waits[waits.len() * 99 / 100]))
}

fn peering(number: u64) -> Txn {
    let id = scattered(number);
    let record = Key::from(format!("group/{:024x}/peer/{id:024x}", number % 50));
    Txn {
        preconditions: vec![Precondition::Absent(record.clone())],
        writes: vec![
            Write::put(record, vec![b'x'; RECORD_BYTES]),
            Write::put(format!("todo/peer/{id:024x}"), "{}"),
            Write::put(format!("name/{id:024x}"), "{}"),
        ],
    }
}

/// Spreads numbers over the keys, as random ids do.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

async fn reads(store: &Arc<dyn Store>, written: u64) -> Outcome<()> {
    let mut gets = Vec::new();
    for step in 0..20_000 {
        let number = scattered(step) % written;
        let key = peering(number).writes[0].key().clone();
        let asked = Instant::now();
        store.get(&key).await?;
        gets.push(asked.elapsed().as_secs_f64() * 1e6);
    }
    let mut lists = Vec::new();
    for step in 0..2_000_u64 {
        let prefix = format!("group/{:024x}/", step % 50);
        let asked = Instant::now();
        store.list(ListRequest { limit: 100, ..ListRequest::prefix(prefix) }).await?;
        lists.push(asked.elapsed().as_secs_f64() * 1e6);
    }
    println!("get one: {:.1} µs, list 100: {:.1} µs (medians)", median(gets), median(lists));
    println!("stored: {} entries", store.count(&Key::default()).await?.0);
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
