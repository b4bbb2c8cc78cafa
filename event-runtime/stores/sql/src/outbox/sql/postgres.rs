//! The statements for PostgreSQL.

/// Inserts rows in one statement, and holds the order of their keys until the transaction ends.
///
/// Parameters, all but the last arrays of one length: event ids (text), payload types (text), ordering keys (text, NULL = no
/// order), bodies (text), hops (integer), kept back until (bigint, NULL = not); created at (bigint).
///
/// Keys are hashed into 1,024 advisory locks, taken in ascending order before the sequence numbers are. So transactions that
/// write one key wait for each other from here to their end, and sequence order is commit order. The number bounds what one
/// transaction takes of the server's lock table, which has room for 6,400 entries by default.
pub const INSERT: &str = "
WITH batch AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[])
        WITH ORDINALITY AS given (event_id, payload_type, ordering_key, body, hops, deliver_at, position)
), stripes AS MATERIALIZED (
    SELECT DISTINCT (hashtextextended(ordering_key, 0) & 1023)::integer AS stripe
    FROM batch WHERE ordering_key IS NOT NULL ORDER BY stripe
), locks AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(('event_outbox'::regclass::oid::bigint % 2147483647)::integer, stripe) FROM stripes
)
INSERT INTO event_outbox (event_id, payload_type, ordering_key, body, hops, deliver_at, created_at)
SELECT event_id, payload_type, ordering_key, body, hops, deliver_at, $7::bigint
FROM batch WHERE (SELECT count(*) FROM locks) >= 0 ORDER BY position";

/// [`INSERT`] without the locks: transactions that write one key do not wait for each other, and their order is only
/// kept where one began to write after the other was committed.
pub const INSERT_UNLOCKED: &str = "
INSERT INTO event_outbox (event_id, payload_type, ordering_key, body, hops, deliver_at, created_at)
SELECT event_id, payload_type, ordering_key, body, hops, deliver_at, $7::bigint
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[])
    WITH ORDINALITY AS given (event_id, payload_type, ordering_key, body, hops, deliver_at, position)
ORDER BY position";

/// Claims rows and returns them, in no order; several relays may run it at once.
///
/// A key of which a row is claimed, or waits for its next attempt, is left out as a whole. The last condition leaves out a row
/// whose predecessor was skipped because somebody else had it locked.
pub const CLAIM: &str = "
WITH picked AS MATERIALIZED (
    SELECT sequence, ordering_key FROM event_outbox
    WHERE state = 0 AND available_at <= $1 AND claimed_until <= $1
        AND (ordering_key IS NULL OR ordering_key NOT IN (
            SELECT ordering_key FROM event_outbox
            WHERE state = 0 AND ordering_key IS NOT NULL AND (claimed_until > 0 OR available_at > 0)
                AND (claimed_until > $1 OR available_at > $1)))
    ORDER BY sequence LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE event_outbox SET claimed_by = $3, claimed_until = $4
WHERE sequence IN (
    SELECT sequence FROM picked
    WHERE ordering_key IS NULL OR NOT EXISTS (
        SELECT FROM event_outbox AS earlier
        WHERE earlier.state = 0 AND earlier.ordering_key = picked.ordering_key AND earlier.sequence < picked.sequence
            AND earlier.sequence NOT IN (SELECT sequence FROM picked)))
RETURNING sequence, event_id, payload_type, ordering_key, body, hops, deliver_at, created_at, attempts, refusals, progress";

/// Extends a lease and returns the sequences of the rows that are still the relay's.
pub const EXTEND: &str = "
UPDATE event_outbox SET claimed_until = $3
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND claimed_by = $2 AND state = 0
RETURNING sequence";

/// Removes published rows, whoever has claimed them by now.
pub const REMOVE_PUBLISHED: &str = "
DELETE FROM event_outbox WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))";

/// Keeps published rows for a while.
pub const KEEP_PUBLISHED: &str = "
UPDATE event_outbox SET state = 1, settled_at = $2, claimed_by = NULL, claimed_until = 0, available_at = 0, progress = NULL
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))";

/// Notes failures: the next attempt (`state` 0, `available_at`) or that the row is set aside (`state` 2, `settled_at`).
pub const FAIL: &str = "
UPDATE event_outbox SET attempts = attempts + 1, refusals = failed.refusals, state = failed.state,
    available_at = failed.available_at, settled_at = failed.settled_at, last_error = failed.error,
    progress = failed.progress, claimed_by = NULL, claimed_until = 0
FROM jsonb_to_recordset($1::jsonb) AS failed
    (sequence bigint, refusals integer, state smallint, available_at bigint, settled_at bigint, error text, progress text)
WHERE event_outbox.sequence = failed.sequence AND event_outbox.claimed_by = $2 AND event_outbox.state = 0";

/// Gives rows back that nobody tried to publish.
pub const RELEASE: &str = "
UPDATE event_outbox SET claimed_by = NULL, claimed_until = 0
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND claimed_by = $2 AND state = 0";

/// Removes a few of the published rows that were kept long enough.
pub const CLEAN_UP: &str = "
WITH picked AS MATERIALIZED (
    SELECT sequence FROM event_outbox WHERE state = 1 AND state <> 0 AND settled_at < $1
    ORDER BY settled_at LIMIT $2 FOR UPDATE SKIP LOCKED)
DELETE FROM event_outbox WHERE sequence IN (SELECT sequence FROM picked)";

/// One row: pending, claimed, waiting for a next attempt, set aside, kept, creation of the oldest pending row.
pub const STATS: &str = "
SELECT count(*), count(*) FILTER (WHERE claimed_until > $1), count(*) FILTER (WHERE available_at > $1),
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
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND state = 2";

/// Removes rows that are set aside.
pub const DISCARD: &str = "
DELETE FROM event_outbox
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND state = 2";
