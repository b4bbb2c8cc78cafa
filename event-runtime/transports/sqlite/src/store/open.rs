//! Opening a file: whose it is, before anything is written into it.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::config::Synchronous;
use crate::error::{SqliteError, SqliteErrorKind};
use crate::limits::BUSY_TIMEOUT;

use super::schema;

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenSettings {
    pub(crate) synchronous: Synchronous,
    pub(crate) max_bytes: Option<u64>,
}

/// Two processes that create a file at once meet in changes that SQLite does not wait for: they try again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

pub(super) fn open(path: &Path, settings: OpenSettings) -> Result<Connection, SqliteError> {
    let started = Instant::now();
    loop {
        match try_open(path, settings) {
            // SQLite itself may have waited already.
            Err(error) if error.kind() == SqliteErrorKind::Busy && started.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(BETWEEN_ATTEMPTS);
            }
            result => return result,
        }
    }
}

fn try_open(path: &Path, settings: OpenSettings) -> Result<Connection, SqliteError> {
    let failed = |error| SqliteError::sqlite(path, error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
        let text = "it can't be written: change its permissions, or name another file";
        return Err(SqliteError::file(SqliteErrorKind::Unavailable, path, text));
    }
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Else a statement whose plan could depend on a parameter is prepared anew whenever that changes: each receive.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    match state(&connection, path)? {
        State::Empty => {
            connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
            create(&mut connection, path)?;
        }
        State::Older => upgrade(&mut connection, &schema::STEPS).map_err(failed)?,
        State::Ours => {}
    }
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if !mode.eq_ignore_ascii_case("wal") {
        let text = "its folder does not allow a write-ahead log: use a local file system";
        return Err(SqliteError::file(SqliteErrorKind::Unavailable, path, text));
    }
    connection.pragma_update(None, "synchronous", settings.synchronous.as_str()).map_err(failed)?;
    // macOS keeps what it was told to sync in the drive's cache unless it is asked twice; elsewhere these say nothing.
    let is_full = settings.synchronous == Synchronous::Full;
    connection.pragma_update(None, "fullfsync", is_full).map_err(failed)?;
    connection.pragma_update(None, "checkpoint_fullfsync", is_full).map_err(failed)?;
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(failed)?;
    if let Some(bytes) = settings.max_bytes {
        let page: u64 = connection
            .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))
            .map_err(failed)?
            .unsigned_abs();
        let pages = i64::try_from((bytes / page.max(1)).max(1)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(failed)?;
    }
    Ok(connection)
}

#[derive(PartialEq, Eq)]
enum State {
    Empty,
    /// Ours, of an earlier version.
    Older,
    Ours,
}

/// Reads what the file is, and writes nothing.
fn state(connection: &Connection, path: &Path) -> Result<State, SqliteError> {
    let failed = |error| SqliteError::sqlite(path, error);
    let number =
        |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(failed);
    let count = |query| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let objects = count("SELECT count(*) FROM sqlite_schema")?;
    let (application, version) = (number("application_id")?, number("user_version")?);
    match (application, version) {
        (0, 0) if objects == 0 => Ok(State::Empty),
        (schema::APPLICATION_ID, version) if version > schema::VERSION => {
            let text = format!(
                "its schema has version {version}, this program knows up to {}: use a newer program, or another file",
                schema::VERSION
            );
            Err(SqliteError::file(SqliteErrorKind::NewerSchema, path, text))
        }
        (schema::APPLICATION_ID, version) if (1..schema::VERSION).contains(&version) => Ok(State::Older),
        (schema::APPLICATION_ID, schema::VERSION) if count(schema::LANDMARK)? == schema::LANDMARKS => {
            Ok(State::Ours)
        }
        (schema::APPLICATION_ID, _) => {
            let text = "tables or columns are missing in it: restore it, or move it away and begin with an empty one";
            Err(SqliteError::file(SqliteErrorKind::Corrupt, path, text))
        }
        _ => {
            let text = "it is a database of another application: name another file";
            Err(SqliteError::file(SqliteErrorKind::ForeignFile, path, text))
        }
    }
}

/// Makes the tables, unless another process just did.
fn create(connection: &mut Connection, path: &Path) -> Result<(), SqliteError> {
    let failed = |error| SqliteError::sqlite(path, error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if state(&transaction, path)? == State::Empty {
        transaction.execute_batch(schema::CREATE).map_err(failed)?;
        transaction.pragma_update(None, "application_id", schema::APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", schema::VERSION).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// Brings a file of an earlier version to the present one, unless another process just did.
fn upgrade(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in steps.iter().skip(usize::try_from(version - 1).unwrap_or_default()) {
        transaction.execute_batch(step)?;
    }
    let version = i64::try_from(steps.len() + 1).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(connection: &Connection, pragma: &str) -> i64 {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_file_of_an_earlier_version_takes_the_steps_that_it_lacks() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE one (a); PRAGMA user_version = 1").unwrap();
        let steps = ["ALTER TABLE one ADD COLUMN b", "CREATE TABLE two (a)"];
        upgrade(&mut connection, &steps[..1]).unwrap();
        assert_eq!(number(&connection, "user_version"), 2);
        upgrade(&mut connection, &steps).unwrap();
        upgrade(&mut connection, &steps).unwrap();
        assert_eq!(number(&connection, "user_version"), 3);
        connection.execute_batch("SELECT b FROM one, two").unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA user_version = 1").unwrap();
        upgrade(&mut connection, &["CREATE TABLE one (a)", "CREATE TABLE one (a)"]).unwrap_err();
        assert_eq!(number(&connection, "user_version"), 1);
        assert_eq!(number(&connection, "schema_version"), 0);
    }

    #[test]
    fn full_durability_asks_the_drive_too() {
        let path = std::env::temp_dir().join(format!("event-sqlite-open-{}.db", std::process::id()));
        for (synchronous, asks) in [(Synchronous::Full, 1), (Synchronous::Normal, 0)] {
            let connection = try_open(&path, OpenSettings { synchronous, max_bytes: None }).unwrap();
            assert_eq!(number(&connection, "fullfsync"), asks);
            assert_eq!(number(&connection, "checkpoint_fullfsync"), asks);
        }
        std::fs::remove_file(path).unwrap();
    }
}
