-- event-store-sql, component `inbox`, version 1, SQLite.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    applied_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC, by the machine's clock.
CREATE TABLE IF NOT EXISTS event_inbox (
    -- Who handles, and what: usually the event's id.
    handler       TEXT    NOT NULL,
    message_key   TEXT    NOT NULL,
    -- SHA-256 of payload type, version and payload.
    digest        BLOB    NOT NULL,
    -- 0 = released, 1 = claimed, 2 = completed.
    state         INTEGER NOT NULL,
    -- The claim that holds the row or has completed it.
    token         TEXT    NOT NULL,
    claimed_until INTEGER NOT NULL,
    -- Abandoned claims, of this sending of the message.
    generation    INTEGER NOT NULL,
    abandoned     INTEGER NOT NULL,
    -- From then on the row counts as not there.
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (handler, message_key)
);

CREATE INDEX IF NOT EXISTS event_inbox_expired ON event_inbox (expires_at);

INSERT OR IGNORE INTO event_store_migration (component, version) VALUES ('inbox', 1);
