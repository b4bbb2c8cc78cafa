//! An endpoint over the queues that a folder keeps.

use std::io;
use std::path::{Path, PathBuf};

use event_transport_sqlite::{SqliteBroker, SqliteError, SqliteErrorKind};

use crate::local::{ANY_PORT, LocalEndpoint};

/// The file in a data folder that holds the queues.
pub const DATA_FILE: &str = "queues.db";

impl LocalEndpoint<SqliteBroker> {
    /// An endpoint on a free port of 127.0.0.1 over the queues in [`DATA_FILE`] of this folder; both are made where they
    /// are missing.
    ///
    /// ```
    /// use event_transport_sqs::local::LocalEndpoint;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let folder = std::env::temp_dir().join(format!("event-local-endpoint-{}", std::process::id()));
    /// let endpoint = LocalEndpoint::start_in(&folder).await?;
    /// endpoint.client().create_queue().queue_name("orders").send().await?;
    /// endpoint.shutdown().await;
    ///
    /// let endpoint = LocalEndpoint::start_in(&folder).await?;
    /// let url = endpoint.queue_url("orders");
    /// endpoint.client().send_message().queue_url(url).message_body("{}").send().await?;
    /// # drop(endpoint);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// With a clock, a capacity or durability of one's own, open a [`SqliteBroker`] and hand it to
    /// [`start_with`](Self::start_with).
    ///
    /// # Errors
    /// Those of binding the socket; a [`SqliteError`], as the source of an error of another kind, for a folder or a file
    /// that can't be used.
    ///
    /// # Cancel safety
    /// A dropped call may have made the folder and the file.
    pub async fn start_in(folder: impl AsRef<Path>) -> io::Result<Self> {
        let file = folder.as_ref().join(DATA_FILE);
        // Opening blocks, and for seconds where another process keeps the file locked.
        let opened = tokio::task::spawn_blocking(|| open(file)).await;
        let broker = opened.map_err(io::Error::other)?.map_err(in_io)?;
        Self::start_with(broker, ANY_PORT).await
    }
}

fn open(file: PathBuf) -> Result<SqliteBroker, SqliteError> {
    SqliteBroker::builder(file).create_folder().open()
}

/// The error of a file among those of a socket.
fn in_io(error: SqliteError) -> io::Error {
    let kind = match error.kind() {
        SqliteErrorKind::NotADatabase
        | SqliteErrorKind::ForeignFile
        | SqliteErrorKind::NewerSchema
        | SqliteErrorKind::Corrupt => io::ErrorKind::InvalidData,
        SqliteErrorKind::Busy => io::ErrorKind::ResourceBusy,
        SqliteErrorKind::DiskFull => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
