//! The statements for SQLite. Each that writes takes the file's write lock by itself; settling begins with `BEGIN IMMEDIATE`.

/// Inserts rows in one statement.
///
/// Parameters: JSON, an array of objects with `event_id`, `payload_type`, `ordering_key` (null = no order), `body`, `hops`,
/// `deliver_at` (null = not kept back); created at.
///
/// One transaction writes at a time, so sequence order is commit order by itself.
pub const INSERT: &str = "
INSERT INTO event_outbox (event_id, payload_type, ordering_key, body, hops, deliver_at, created_at)
SELECT value ->> 'event_id', value ->> 'payload_type', value ->> 'ordering_key', value ->> 'body', value ->> 'hops',
    value ->> 'deliver_at', $2
FROM json_each($1) ORDER BY key";

/// Ends the claims whose lease is over, and the one of this name.
pub const END_CLAIMS: &str = "DELETE FROM event_outbox_claim WHERE claim = $1 OR claimed_until <= $2";

/// The rows to be claimed, after [`END_CLAIMS`] and in its transaction: now, most rows.
///
/// A key of which a row is claimed, or waits for its next attempt, is left out as a whole.
pub const PICK: &str = "
SELECT sequence, event_id, payload_type, ordering_key, body, hops, deliver_at, created_at, attempts, refusals, progress
FROM event_outbox
WHERE state = 0 AND available_at <= $1
    AND sequence NOT IN (SELECT value FROM event_outbox_claim, json_each(sequences))
    AND (ordering_key IS NULL OR (
        ordering_key NOT IN (SELECT value FROM event_outbox_claim, json_each(keys))
        AND ordering_key NOT IN (
            SELECT ordering_key FROM event_outbox
            WHERE state = 0 AND ordering_key IS NOT NULL AND available_at > 0 AND available_at > $1)))
ORDER BY sequence LIMIT $2";

/// Claims rows of [`PICK`], in its transaction: the name of the claim, the end of the lease, sequences, keys.
pub const CLAIM: &str = "
INSERT INTO event_outbox_claim (claim, claimed_until, sequences, keys) VALUES ($1, $2, $3, $4)";

/// Extends a lease to what is left of its rows; no row is affected where the claim has ended.
pub const EXTEND: &str = "
UPDATE event_outbox_claim SET claimed_until = $3, sequences = $1, keys = (
    SELECT json_group_array(DISTINCT ordering_key) FROM event_outbox
    WHERE sequence IN (SELECT value FROM json_each($1)) AND ordering_key IS NOT NULL)
WHERE claim = $2";

/// Ends a claim: what is left of its rows can be claimed again.
pub const END: &str = "DELETE FROM event_outbox_claim WHERE claim = $1";

/// Removes published rows, whoever has claimed them by now.
pub const REMOVE_PUBLISHED: &str = "
DELETE FROM event_outbox WHERE sequence IN (SELECT value FROM json_each($1))";

/// Keeps published rows for a while.
pub const KEEP_PUBLISHED: &str = "
UPDATE event_outbox SET state = 1, settled_at = $2, available_at = 0, progress = NULL
WHERE sequence IN (SELECT value FROM json_each($1))";

/// Notes failures: the next attempt (`state` 0, `available_at`) or that the row is set aside (`state` 2, `settled_at`).
pub const FAIL: &str = "
UPDATE event_outbox SET attempts = attempts + 1, refusals = failed.refusals, state = failed.state,
    available_at = failed.available_at, settled_at = failed.settled_at, last_error = failed.error,
    progress = failed.progress
FROM (
    SELECT value ->> 'sequence' AS sequence, value ->> 'refusals' AS refusals, value ->> 'state' AS state,
        value ->> 'available_at' AS available_at, value ->> 'settled_at' AS settled_at, value ->> 'error' AS error,
        value ->> 'progress' AS progress
    FROM json_each($1)) AS failed
WHERE event_outbox.sequence = failed.sequence AND event_outbox.state = 0
    AND EXISTS (SELECT 1 FROM event_outbox_claim WHERE claim = $2)";

/// Removes a few of the published rows that were kept long enough.
pub const CLEAN_UP: &str = "
DELETE FROM event_outbox WHERE sequence IN (
    SELECT sequence FROM event_outbox WHERE state = 1 AND state <> 0 AND settled_at < $1
    ORDER BY settled_at LIMIT $2)";

/// One row: pending, claimed, waiting for a next attempt, set aside, kept, creation of the oldest pending row.
pub const STATS: &str = "
SELECT count(*), count(*) FILTER (WHERE sequence IN (
        SELECT value FROM event_outbox_claim, json_each(sequences) WHERE claimed_until > $1)),
    count(*) FILTER (WHERE available_at > $1),
    (SELECT count(*) FROM event_outbox WHERE state = 2 AND state <> 0),
    (SELECT count(*) FROM event_outbox WHERE state = 1 AND state <> 0), min(created_at)
FROM event_outbox WHERE state = 0";

/// What is set aside, oldest first.
pub const LIST_SET_ASIDE: &str = "
SELECT sequence, event_id, payload_type, ordering_key, body, attempts, coalesce(last_error, ''), settled_at
FROM event_outbox WHERE state = 2 AND state <> 0 ORDER BY sequence LIMIT $1";

/// Puts rows that are set aside back to be published, with a fresh count.
pub const PUT_BACK: &str = "
UPDATE event_outbox SET state = 0, refusals = 0, available_at = 0, settled_at = NULL
WHERE sequence IN (SELECT value FROM json_each($1)) AND state = 2";

/// Removes rows that are set aside.
pub const DISCARD: &str = "
DELETE FROM event_outbox
WHERE sequence IN (SELECT value FROM json_each($1)) AND state = 2";

/// Pending rows that some producers have already: sequence and `progress`, from a sequence on, most rows.
pub const LIST_PARTLY_PUBLISHED: &str = "
SELECT sequence, progress FROM event_outbox
WHERE state <> 1 AND progress IS NOT NULL AND sequence > $1 ORDER BY sequence LIMIT $2";

/// Changes who is still to get a row, unless that has changed meanwhile: sequence, `progress` before, `progress`.
pub const CHANGE_PROGRESS: &str = "
UPDATE event_outbox SET progress = $3
WHERE sequence = $1 AND progress = $2 AND state <> 1";

/// Removes a row that everybody has, unless that has changed meanwhile: sequence, `progress` before.
pub const REMOVE_TAKEN: &str =
    "DELETE FROM event_outbox WHERE sequence = $1 AND progress = $2 AND state <> 1";
