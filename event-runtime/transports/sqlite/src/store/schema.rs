//! The tables of a queue file, and what makes a file one.
//!
//! What a consumer decides by (state, order, leases) stands in `message`; what it only carries (body, attributes, ids)
//! in `payload`. A message that moves to another queue leaves its payload where it is. Times are microseconds since
//! the Unix epoch.

/// "EvtQ": the `application_id` of a queue file.
pub(super) const APPLICATION_ID: i32 = 0x4576_7451;

/// The `user_version` that this crate writes.
pub(super) const VERSION: i32 = 1;

/// What brings a file from one version to the next, from version 1 on: the statements of place n lead to version n + 2.
/// [`CREATE`] makes the tables as they are after the last of them.
pub(super) const STEPS: [&str; VERSION as usize - 1] = [];

/// How many bits of a message's sequence count inside its queue: 4.4 million million messages, in two million queues.
const COUNTING_BITS: u32 = 42;

/// The sequences of a queue, both ends inclusive; `None` where there have been too many queues in the file.
pub(super) fn sequences(queue: i64) -> Option<(i64, i64)> {
    let first = queue.checked_mul(1 << COUNTING_BITS)?;
    Some((first, first.checked_add((1 << COUNTING_BITS) - 1)?))
}

/// The state of a message that can be received; on a FIFO queue, as soon as everything before it in its line can.
pub(super) const READY: i64 = 0;
/// The state of a message that was received and is hidden.
pub(super) const IN_FLIGHT: i64 = 1;
/// The state of a message that was sent and is not yet visible.
pub(super) const DELAYED: i64 = 2;

/// The tables of [`VERSION`].
pub(super) const CREATE: &str = "
-- A queue as it was set up; changes raise `tally.revision`.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    fifo INTEGER NOT NULL,
    attributes TEXT NOT NULL, -- JSON: the service's names and texts
    max_messages INTEGER NOT NULL,
    max_bytes INTEGER NOT NULL,
    max_in_flight INTEGER NOT NULL,
    max_deduplication_ids INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    purged_at INTEGER
) STRICT;

CREATE TABLE deleted_queue (
    name TEXT PRIMARY KEY,
    deleted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What changes with every transaction on a queue.
CREATE TABLE tally (
    queue INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL DEFAULT 0,
    touched_at INTEGER NOT NULL, -- about when something of it was given a time last: tells that a clock was set back
    next_sequence INTEGER NOT NULL DEFAULT 0,
    next_turn INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    deduplication_ids INTEGER NOT NULL DEFAULT 0,
    has_lines INTEGER NOT NULL -- whether messages stand in lines: always on a FIFO queue
) STRICT;

-- A FIFO group, or a tenant of a standard queue, while the queue holds messages of it.
CREATE TABLE line (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    name TEXT NOT NULL, -- '' = the messages without a group
    turn INTEGER, -- when it is its turn; NULL = nothing of it can be received
    in_flight INTEGER NOT NULL DEFAULT 0 -- tenants only
) STRICT;
CREATE UNIQUE INDEX line_by_name ON line (queue, name);
CREATE INDEX line_by_turn ON line (queue, turn) WHERE turn IS NOT NULL;

CREATE TABLE message (
    sequence INTEGER PRIMARY KEY, -- the queue's id in the upper bits: a queue's messages stand together, in their order
    queue INTEGER NOT NULL,
    payload INTEGER NOT NULL,
    size INTEGER NOT NULL,
    state INTEGER NOT NULL, -- 0 ready, 1 in flight, 2 delayed
    due INTEGER NOT NULL, -- ready: since when, its place in the order; else: until when it is hidden
    line INTEGER,
    sent_at INTEGER NOT NULL,
    first_received_at INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL DEFAULT 0,
    receive_count INTEGER NOT NULL DEFAULT 0, -- receives less hand-backs
    receives INTEGER NOT NULL DEFAULT 0, -- receives and hand-backs: tells receipts apart
    changed INTEGER NOT NULL DEFAULT 0, -- whether its visibility was changed since it was received
    dead_letter_source TEXT -- the queue that a redrive policy moved it away from
) STRICT;
CREATE INDEX message_by_due ON message (queue, state, due);
CREATE INDEX message_by_line ON message (line, sequence) WHERE line IS NOT NULL;

CREATE TABLE payload (
    id INTEGER PRIMARY KEY,
    message_id BLOB NOT NULL,
    body BLOB NOT NULL,
    attributes BLOB,
    group_name TEXT,
    deduplication_id TEXT,
    trace_header TEXT
) STRICT;

CREATE TABLE deduplication (
    queue INTEGER NOT NULL,
    scope TEXT NOT NULL, -- the group where ids are unique in groups only, else ''
    id TEXT NOT NULL,
    message_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (queue, scope, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deduplication_by_end ON deduplication (queue, until);

-- Receives with an attempt id, so that the same id returns the same messages.
CREATE TABLE attempt (
    queue INTEGER NOT NULL,
    id TEXT NOT NULL,
    receipts BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (queue, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE move_task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    handle TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    destination TEXT,
    rate INTEGER,
    status INTEGER NOT NULL, -- 0 running, 1 completed, 2 cancelled, 3 failed
    failure_reason TEXT,
    moved INTEGER NOT NULL DEFAULT 0,
    to_move INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
";

/// Counts what every queue file has: its tables, and the column that files from before the first release lack.
pub(super) const LANDMARK: &str = "SELECT (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('queue', 'tally', 'line', \
     'message', 'payload', 'deduplication', 'deleted_queue', 'attempt', 'move_task')) \
     + (SELECT count(*) FROM pragma_table_info('tally') WHERE name = 'touched_at')";
/// How many of these [`LANDMARK`] finds.
pub(super) const LANDMARKS: i64 = 10;
