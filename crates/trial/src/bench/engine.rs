//! The engines by themselves, given what creates leave in them: SQLite with many callers in one
//! commit, and etcd with one transaction for each.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction};

use super::shape::Shape;

/// What is and what happened, as little as an engine has to keep for a store with a past.
const TABLES: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE current (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE log (
  number INTEGER NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, value BLOB, old BLOB,
  PRIMARY KEY (number, seq)
) STRICT, WITHOUT ROWID;
";

/// How long SQLite takes for the rows of so many creates, `callers` of them in each commit.
///
/// # Errors
/// SQLite fails.
pub(crate) fn sqlite(
    directory: &Path,
    shape: &Shape,
    (count, projects, callers): (usize, usize, usize),
) -> anyhow::Result<Duration> {
    let mut connection = Connection::open(directory.join("engine.db"))?;
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    let numbers: Vec<usize> = (0..count).collect();
    let begun = Instant::now();
    for together in numbers.chunks(callers) {
        let transaction = connection.transaction()?;
        for number in together {
            write(&transaction, shape, *number, projects)?;
        }
        transaction.commit()?;
    }
    Ok(begun.elapsed())
}

fn write(
    transaction: &Transaction<'_>,
    shape: &Shape,
    number: usize,
    projects: usize,
) -> rusqlite::Result<()> {
    for (seq, (key, value)) in shape.copy(number, projects).into_iter().enumerate() {
        let old: Option<Vec<u8>> = transaction
            .prepare_cached("SELECT value FROM current WHERE key = ?1")?
            .query_map([&key], |row| row.get(0))?
            .next()
            .transpose()?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO current VALUES (?1, ?2)")?
            .execute((&key, &value))?;
        transaction.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
            i64::try_from(number).ok(),
            i64::try_from(seq).ok(),
            &key,
            &value,
            &old,
        ))?;
    }
    Ok(())
}

/// How long etcd takes for the rows of so many creates, one transaction for each, from so many
/// callers at once.
///
/// # Errors
/// etcd fails.
#[cfg(feature = "etcd")]
pub(crate) async fn etcd(
    member: &str,
    shape: &Shape,
    (count, projects, callers): (usize, usize, usize),
) -> anyhow::Result<Duration> {
    use etcd_client::{Client, Compare, CompareOp, KvClient, Txn, TxnOp};

    async fn commit(kv: &mut KvClient, rows: Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
        // As a create does: one thing has to be new.
        let first = rows.first().map(|(key, _)| key.clone()).unwrap_or_default();
        let is_known = Compare::mod_revision(first, CompareOp::Greater, -1);
        let puts: Vec<TxnOp> =
            rows.into_iter().map(|(key, value)| TxnOp::put(key, value, None)).collect();
        let answer = kv.txn(Txn::new().when([is_known]).and_then(puts)).await?;
        anyhow::ensure!(answer.succeeded(), "etcd did not take a transaction");
        Ok(())
    }

    let client = Client::connect([member], None).await?;
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (mut kv, shape) = (client.kv_client(), shape.clone());
            tokio::spawn(async move {
                for number in (caller..count).step_by(callers) {
                    commit(&mut kv, shape.copy(number, projects)).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(begun.elapsed())
}
