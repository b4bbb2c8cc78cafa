-- event-store-sql, component `outbox`, version 1, SQLite.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    applied_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE IF NOT EXISTS event_outbox (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id      TEXT    NOT NULL,
    payload_type  TEXT    NOT NULL,
    -- Rows of one key are published in the order of their sequence; NULL has no order.
    ordering_key  TEXT,
    -- The encoded message as it travels.
    body          TEXT    NOT NULL,
    hops          INTEGER NOT NULL DEFAULT 0,
    -- The broker keeps the event back until then.
    deliver_at    INTEGER,
    created_at    INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
    -- 0 = to be published, 1 = published, 2 = set aside.
    state         INTEGER NOT NULL DEFAULT 0,
    -- Not tried before then.
    available_at  INTEGER NOT NULL DEFAULT 0,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- How many of the attempts failed for good.
    refusals      INTEGER NOT NULL DEFAULT 0,
    -- After a partial failure: which producers took the event, and which did not. JSON.
    progress      TEXT,
    last_error    TEXT,
    -- When it was published or set aside.
    settled_at    INTEGER
);

CREATE INDEX IF NOT EXISTS event_outbox_pending ON event_outbox (sequence) WHERE state = 0;
-- The few rows that hold their keys back.
CREATE INDEX IF NOT EXISTS event_outbox_held ON event_outbox (ordering_key)
    WHERE state = 0 AND ordering_key IS NOT NULL AND available_at > 0;
CREATE INDEX IF NOT EXISTS event_outbox_settled ON event_outbox (state, settled_at) WHERE state <> 0;

-- A row for each batch that a relay is publishing: a claim changes none of the rows that it is about.
CREATE TABLE IF NOT EXISTS event_outbox_claim (
    claim         TEXT    PRIMARY KEY,
    claimed_until INTEGER NOT NULL,
    -- JSON: the rows, and their ordering keys: no other relay gets at a row of theirs.
    sequences     TEXT    NOT NULL,
    keys          TEXT    NOT NULL
);

INSERT OR IGNORE INTO event_store_migration (component, version) VALUES ('outbox', 1);
