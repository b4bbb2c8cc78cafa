//! Files that are something else, damaged, too new, or full.

use event_runtime::embedded::{QueueErrorKind, QueueSettings};
use event_transport_sqlite::{SqliteBroker, SqliteErrorKind};
use rusqlite::Connection;

use super::fixture::{Folder, builder, message, take};

fn refused(folder: &Folder) -> SqliteErrorKind {
    let before = std::fs::read(folder.file()).unwrap();
    let error = SqliteBroker::open(folder.file()).unwrap_err();
    assert_eq!(std::fs::read(folder.file()).unwrap(), before, "the file was changed: {error}");
    assert_eq!(error.path(), Some(folder.file()));
    error.kind()
}

/// A file with one message, closed.
async fn with_a_message(folder: &Folder) {
    let broker = builder(&folder.file()).open().unwrap();
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    queue.send(message("m")).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "not a database, but longer than the header that one has: ".repeat(40))
        .unwrap();
    assert_eq!(refused(&folder), SqliteErrorKind::NotADatabase);
}

#[tokio::test]
async fn a_database_of_another_application_is_left_alone() {
    let folder = Folder::new();
    Connection::open(folder.file()).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert_eq!(refused(&folder), SqliteErrorKind::ForeignFile);
    let folder = Folder::new();
    Connection::open(folder.file())
        .unwrap()
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE t (x)")
        .unwrap();
    assert_eq!(refused(&folder), SqliteErrorKind::ForeignFile);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let folder = Folder::new();
    with_a_message(&folder).await;
    Connection::open(folder.file()).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert_eq!(refused(&folder), SqliteErrorKind::NewerSchema);
}

#[tokio::test]
async fn a_file_without_its_tables_or_columns_is_damaged() {
    for change in ["DROP TABLE payload", "ALTER TABLE tally DROP COLUMN touched_at"] {
        let folder = Folder::new();
        with_a_message(&folder).await;
        Connection::open(folder.file()).unwrap().execute_batch(change).unwrap();
        assert_eq!(refused(&folder), SqliteErrorKind::Corrupt, "{change}");
    }
}

#[tokio::test]
async fn damage_inside_is_an_error_of_what_meets_it() {
    let folder = Folder::new();
    with_a_message(&folder).await;
    // Everything behind the first page, which holds the list of tables.
    let mut bytes = std::fs::read(folder.file()).unwrap();
    bytes[4096..].fill(0xAA);
    std::fs::write(folder.file(), bytes).unwrap();
    let met = match SqliteBroker::open(folder.file()) {
        Err(error) => error,
        Ok(broker) => broker.queue("q").await.unwrap_err(),
    };
    assert_eq!(met.kind(), SqliteErrorKind::Corrupt, "{met:?}");
    assert!(std::error::Error::source(&met).is_some() && !met.is_retryable());
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_unavailable() {
    let error = SqliteBroker::open(Folder::new().file().join("below/queues.db")).unwrap_err();
    assert_eq!(error.kind(), SqliteErrorKind::Unavailable);
}

#[tokio::test]
async fn a_folder_is_made_where_that_is_asked_for() {
    let folder = Folder::new();
    let file = folder.file().with_file_name("below").join("deeper/queues.db");
    assert_eq!(SqliteBroker::open(&file).unwrap_err().kind(), SqliteErrorKind::Unavailable);
    for _ in 0..2 {
        SqliteBroker::builder(&file).create_folder().open().unwrap();
    }
    let in_the_way = SqliteBroker::builder(file.join("queues.db")).create_folder().open().unwrap_err();
    assert_eq!(in_the_way.kind(), SqliteErrorKind::Unavailable);
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_is_unavailable_and_left_alone() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file()).unwrap();
    let error = SqliteBroker::open(folder.file()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (SqliteErrorKind::Unavailable, Some(folder.file())));
    assert_eq!(std::fs::read_dir(folder.file()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_can_not_be_written_is_refused_at_once() {
    let folder = Folder::new();
    with_a_message(&folder).await;
    let mut permissions = std::fs::metadata(folder.file()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.file(), permissions).unwrap();
    if std::fs::OpenOptions::new().write(true).open(folder.file()).is_ok() {
        println!("skipped: whoever runs this may write everything");
        return;
    }
    assert_eq!(refused(&folder), SqliteErrorKind::Unavailable);
}

#[tokio::test]
async fn a_file_that_stays_locked_is_given_up() {
    let folder = Folder::new();
    with_a_message(&folder).await;
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let error = SqliteBroker::open(folder.file()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (SqliteErrorKind::Busy, Some(folder.file())));
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    assert_eq!(take(&SqliteBroker::open(folder.file()).unwrap().queue("q").await.unwrap()).await.len(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_keeps_what_is_there() {
    let folder = Folder::new();
    let broker = builder(&folder.file()).max_file_bytes(400_000).open().unwrap();
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    let large = |n: usize| message(format!("{n:05}").repeat(2_000));
    let mut sent = 0;
    let error = loop {
        match queue.send(large(sent)).await {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), SqliteErrorKind::DiskFull);
    assert!(error.is_retryable() && sent > 10, "{sent}");
    // One that still fits, sent together with one that does not, is not refused with it.
    let (fits, too_large) = tokio::join!(queue.send(message("small")), queue.send(large(sent)));
    assert_eq!(too_large.unwrap_err().kind(), SqliteErrorKind::DiskFull);
    let small = usize::from(fits.is_ok());
    assert_eq!(queue.counts().await.unwrap().visible, sent + small);
    // Reading on makes room.
    let first = take(&queue).await;
    assert_eq!(&first[0].body()[..5], b"00000");
    for message in &first {
        queue.delete(message.receipt()).await.unwrap();
    }
    queue.send(large(sent)).await.unwrap();
    drop((queue, broker));
    let sound: String = Connection::open(folder.file())
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn what_is_asked_after_the_end_is_closed() {
    let folder = Folder::new();
    let broker = builder(&folder.file()).open().unwrap();
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    broker.close();
    broker.close();
    assert_eq!(queue.send(message("m")).await.unwrap_err().kind(), SqliteErrorKind::Closed);
    assert_eq!(broker.queue("q").await.unwrap_err().kind(), SqliteErrorKind::Closed);
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_a_restart() {
    let folder = Folder::new();
    with_a_message(&folder).await;
    let broker = builder(&folder.file()).open().unwrap();
    let queue = broker.queue("q").await.unwrap();
    assert_eq!(take(&queue).await.len(), 1);
    drop((queue, broker));
    let queue = builder(&folder.file()).open().unwrap().queue("q").await.unwrap();
    assert_eq!(queue.counts().await.unwrap().in_flight, 1, "its lease outlives the process");
    let gone = queue.send(event_runtime::embedded::OutgoingMessage::new("")).await.unwrap_err();
    assert_eq!(gone.kind(), SqliteErrorKind::Refused(QueueErrorKind::MissingParameter));
}
