//! The statements for PostgreSQL.

/// Stores a letter; the same letter once more replaces what is known of it, and ends a lease on it.
pub const STORE: &str = "
INSERT INTO event_dead_letter (queue, body, attributes, group_key, deduplication_id, event_id, payload_type, code, reason,
    attempts, source, failed_at, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (queue, source, deduplication_id) DO UPDATE SET body = excluded.body, attributes = excluded.attributes,
    code = excluded.code, reason = excluded.reason, attempts = excluded.attempts, failed_at = excluded.failed_at, visible_at = 0,
    receipt = event_dead_letter.receipt + 1";

/// Leases letters: now, end of the lease, queue, most letters.
pub const RECEIVE: &str = "
WITH picked AS MATERIALIZED (
    SELECT id FROM event_dead_letter WHERE queue = $3 AND visible_at <= $1 ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)
UPDATE event_dead_letter SET receives = receives + 1, receipt = receipt + 1, visible_at = $2
WHERE id IN (SELECT id FROM picked)
RETURNING id, receipt, body, attributes, group_key, receives, stored_at";

/// Removes a leased letter: id, receipt.
pub const REMOVE: &str = "DELETE FROM event_dead_letter WHERE id = $1 AND receipt = $2";

/// Ends or extends the lease of a letter: id, receipt, visible at, by how much its receives change.
pub const MOVE: &str =
    "UPDATE event_dead_letter SET visible_at = $3, receives = receives + $4 WHERE id = $1 AND receipt = $2";

/// Letters that pass every condition, by id; a condition that is NULL is none. Parameters: queue; payload types, codes, and ids of
/// events or letters (each a JSON array of texts); failed before, inclusive; failed after, exclusive; source; part of the
/// reason; id to begin after; most letters.
pub const SEARCH: &str = "
SELECT id, receipt, body, attributes, group_key, receives, stored_at FROM event_dead_letter
WHERE queue = $1
    AND ($2::text IS NULL OR payload_type IN (SELECT jsonb_array_elements_text($2::jsonb)))
    AND ($3::text IS NULL OR code IN (SELECT jsonb_array_elements_text($3::jsonb)))
    AND ($4::text IS NULL OR event_id IN (SELECT jsonb_array_elements_text($4::jsonb))
        OR id::text IN (SELECT jsonb_array_elements_text($4::jsonb)))
    AND ($5::bigint IS NULL OR failed_at <= $5) AND ($6::bigint IS NULL OR failed_at > $6)
    AND ($7::text IS NULL OR source = $7) AND ($8::text IS NULL OR strpos(lower(reason), lower($8)) > 0) AND id > $9
ORDER BY id LIMIT $10";

/// How many letters of a queue there are of each payload type and code, most first.
pub const SUMMARY: &str = "
SELECT payload_type, code, count(*), min(failed_at), max(failed_at) FROM event_dead_letter
WHERE queue = $1 GROUP BY payload_type, code ORDER BY count(*) DESC, payload_type, code";
