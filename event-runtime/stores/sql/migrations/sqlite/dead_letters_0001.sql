-- event-store-sql, component `dead_letters`, version 1, SQLite.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  TEXT        NOT NULL,
    version    INTEGER     NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE IF NOT EXISTS event_dead_letter (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Which of several places in one table.
    queue            TEXT    NOT NULL,
    -- The letter as the consumer wrote it: body, attributes (a JSON object) and group.
    body             BLOB   NOT NULL,
    attributes       TEXT    NOT NULL,
    group_key        TEXT,
    deduplication_id TEXT    NOT NULL,
    -- What can be searched for, read from the letter.
    event_id         TEXT,
    payload_type     TEXT,
    code             TEXT,
    reason           TEXT,
    attempts         INTEGER,
    source           TEXT    NOT NULL,
    failed_at        INTEGER  NOT NULL,
    stored_at        INTEGER  NOT NULL,
    -- A walk over the letters leases them.
    visible_at       INTEGER  NOT NULL DEFAULT 0,
    receives         INTEGER NOT NULL DEFAULT 0,
    receipt          INTEGER  NOT NULL DEFAULT 0,
    UNIQUE (queue, source, deduplication_id)
);

CREATE INDEX IF NOT EXISTS event_dead_letter_event ON event_dead_letter (event_id);
CREATE INDEX IF NOT EXISTS event_dead_letter_failed ON event_dead_letter (queue, failed_at);
CREATE INDEX IF NOT EXISTS event_dead_letter_kind ON event_dead_letter (queue, payload_type, code);

INSERT OR IGNORE INTO event_store_migration (component, version) VALUES ('dead_letters', 1);
