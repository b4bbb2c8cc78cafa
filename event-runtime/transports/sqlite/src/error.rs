//! The error of every operation on a queue file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_runtime::embedded::{QueueError, QueueErrorKind};

/// Why an operation on a queue file failed: the queue refused the request, or the file could not do it.
#[derive(Clone, Debug)]
pub struct SqliteError(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Refused(QueueError),
    File { kind: SqliteErrorKind, file: Arc<Path>, text: String, source: Option<Arc<rusqlite::Error>> },
}

/// What kind of failure a [`SqliteError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteErrorKind {
    /// The queue refused the request, as every queue of these semantics would.
    Refused(QueueErrorKind),
    /// The file is no SQLite database. Nothing was written.
    NotADatabase,
    /// The file is a database of another application. Nothing was written.
    ForeignFile,
    /// A newer version of this crate wrote the file. Nothing was written.
    NewerSchema,
    /// The database is damaged.
    Corrupt,
    /// The disk is full, or the file has the size that was allowed.
    DiskFull,
    /// Other processes wrote for longer than a request waits.
    Busy,
    /// The file can't be opened, read or written.
    Unavailable,
    /// The broker is closed.
    Closed,
}

impl SqliteError {
    pub(crate) fn file(kind: SqliteErrorKind, file: &Path, text: impl Into<String>) -> Self {
        Self(Inner::File { kind, file: file.into(), text: text.into(), source: None })
    }

    pub(crate) fn sqlite(file: &Path, error: rusqlite::Error) -> Self {
        let kind = kind_of(&error);
        let text = match kind {
            SqliteErrorKind::NotADatabase => "it is no SQLite database: name another file",
            SqliteErrorKind::Corrupt => {
                "it is damaged: restore it, or move it away and begin with an empty one"
            }
            SqliteErrorKind::DiskFull => {
                "the disk is full, or the file has reached its configured size: make room"
            }
            SqliteErrorKind::Busy => "other processes keep it locked: end them, or wait until they are done",
            _ => "it can't be opened, read or written: check its folder, its permissions and its disk",
        };
        let source = Some(Arc::new(error));
        Self(Inner::File { kind, file: file.into(), text: text.to_owned(), source })
    }

    pub(crate) fn closed(file: &Path) -> Self {
        Self::file(SqliteErrorKind::Closed, file, "the broker over it is closed")
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> SqliteErrorKind {
        match &self.0 {
            Inner::Refused(error) => SqliteErrorKind::Refused(error.kind()),
            Inner::File { kind, .. } => *kind,
        }
    }

    /// The queue's own error, where it was the queue that refused.
    pub fn refusal(&self) -> Option<&QueueError> {
        match &self.0 {
            Inner::Refused(error) => Some(error),
            Inner::File { .. } => None,
        }
    }

    /// The file, where it was the file that failed.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.0 {
            Inner::Refused(_) => None,
            Inner::File { file, .. } => Some(file.to_path_buf()),
        }
    }

    /// Whether the same request may pass later.
    pub fn is_retryable(&self) -> bool {
        match &self.0 {
            Inner::Refused(error) => error.is_retryable(),
            Inner::File { kind, .. } => {
                matches!(
                    kind,
                    SqliteErrorKind::Busy | SqliteErrorKind::DiskFull | SqliteErrorKind::Unavailable
                )
            }
        }
    }
}

fn kind_of(error: &rusqlite::Error) -> SqliteErrorKind {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => SqliteErrorKind::NotADatabase,
        Some(ErrorCode::DatabaseCorrupt) => SqliteErrorKind::Corrupt,
        Some(ErrorCode::DiskFull) => SqliteErrorKind::DiskFull,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SqliteErrorKind::Busy,
        None => SqliteErrorKind::Corrupt, // a value of a type that this crate never writes
        Some(_) => SqliteErrorKind::Unavailable,
    }
}

impl From<QueueError> for SqliteError {
    fn from(error: QueueError) -> Self {
        Self(Inner::Refused(error))
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Refused(error) => error.fmt(formatter),
            Inner::File { file, text, .. } => write!(formatter, "queue file {}: {text}", file.display()),
        }
    }
}

impl std::error::Error for SqliteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Inner::Refused(_) => None,
            Inner::File { source, .. } => {
                source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
            }
        }
    }
}
