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

/// Removes published rows, claims others and returns the whole of these, in no order; several relays may run it at once.
///
/// It calls a function of the migration, so that all of it is one round trip and one commit: the name of the claim, the
/// published rows (bigint array), now, the end of the lease, most rows (0 = none, and no claim of this name is left), and whether the
/// commit waits for the disk. A claim of this name that was there before has ended. A key of which a row is claimed, or waits for its next attempt, is left out as a
/// whole.
///
/// A commit that does not wait can be lost with the last moments before the *server* fails, see
/// <https://www.postgresql.org/docs/current/wal-async-commit.html>: rows whose removal or claim is lost are published once more.
pub const TURN: &str = "
SELECT sequence, event_id, payload_type, ordering_key, body, hops, deliver_at, created_at, attempts, refusals, progress
FROM event_outbox_turn($1, $2, $3, $4, $5, $6)";

/// Extends a lease to what is left of its rows; no row is affected where the claim has ended.
pub const EXTEND: &str = "
UPDATE event_outbox_claim SET claimed_until = $3, sequences = rest.sequences, keys = rest.keys
FROM (
    SELECT coalesce(array_agg(sequence), '{}') AS sequences, coalesce(
        array_agg(DISTINCT hashtextextended(ordering_key, 0)) FILTER (WHERE ordering_key IS NOT NULL), '{}') AS keys
    FROM event_outbox WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))) AS rest
WHERE claim = $2";

/// Ends a claim: what is left of its rows can be claimed again.
pub const END: &str = "DELETE FROM event_outbox_claim WHERE claim = $1";

/// Removes published rows, whoever has claimed them by now.
pub const REMOVE_PUBLISHED: &str = "
DELETE FROM event_outbox WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))";

/// Keeps published rows for a while.
pub const KEEP_PUBLISHED: &str = "
UPDATE event_outbox SET state = 1, settled_at = $2, available_at = 0, progress = NULL
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))";

/// Notes failures: the next attempt (`state` 0, `available_at`) or that the row is set aside (`state` 2, `settled_at`).
pub const FAIL: &str = "
UPDATE event_outbox SET attempts = attempts + 1, refusals = failed.refusals, state = failed.state,
    available_at = failed.available_at, settled_at = failed.settled_at, last_error = failed.error,
    progress = failed.progress
FROM jsonb_to_recordset($1::jsonb) AS failed
    (sequence bigint, refusals integer, state smallint, available_at bigint, settled_at bigint, error text, progress text)
WHERE event_outbox.sequence = failed.sequence AND event_outbox.state = 0
    AND EXISTS (SELECT FROM event_outbox_claim WHERE claim = $2)";

/// Removes a few of the published rows that were kept long enough.
pub const CLEAN_UP: &str = "
WITH picked AS MATERIALIZED (
    SELECT sequence FROM event_outbox WHERE state = 1 AND state <> 0 AND settled_at < $1
    ORDER BY settled_at LIMIT $2 FOR UPDATE SKIP LOCKED)
DELETE FROM event_outbox WHERE sequence IN (SELECT sequence FROM picked)";

/// One row: pending, claimed, waiting for a next attempt, set aside, kept, creation of the oldest pending row.
pub const STATS: &str = "
SELECT count(*), count(*) FILTER (WHERE sequence IN (
        SELECT unnest(sequences) FROM event_outbox_claim WHERE claimed_until > $1)),
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
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND state = 2";

/// Removes rows that are set aside.
pub const DISCARD: &str = "
DELETE FROM event_outbox
WHERE sequence IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND state = 2";

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
