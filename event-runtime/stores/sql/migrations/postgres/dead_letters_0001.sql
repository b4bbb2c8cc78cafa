-- event-store-sql, component `dead_letters`, version 1, PostgreSQL.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  text        NOT NULL,
    version    integer     NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE IF NOT EXISTS event_dead_letter (
    id               bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Which of several places in one table.
    queue            text    NOT NULL,
    -- The letter as the consumer wrote it: body, attributes (a JSON object) and group.
    body             bytea   NOT NULL,
    attributes       text    NOT NULL,
    group_key        text,
    deduplication_id text    NOT NULL,
    -- What can be searched for, read from the letter.
    event_id         text,
    payload_type     text,
    code             text,
    reason           text,
    attempts         bigint,
    source           text    NOT NULL,
    failed_at        bigint  NOT NULL,
    stored_at        bigint  NOT NULL,
    -- A walk over the letters leases them.
    visible_at       bigint  NOT NULL DEFAULT 0,
    receives         integer NOT NULL DEFAULT 0,
    receipt          bigint  NOT NULL DEFAULT 0,
    UNIQUE (queue, source, deduplication_id)
);

CREATE INDEX IF NOT EXISTS event_dead_letter_event ON event_dead_letter (event_id);
CREATE INDEX IF NOT EXISTS event_dead_letter_failed ON event_dead_letter (queue, failed_at);
CREATE INDEX IF NOT EXISTS event_dead_letter_kind ON event_dead_letter (queue, payload_type, code);

INSERT INTO event_store_migration (component, version) VALUES ('dead_letters', 1) ON CONFLICT DO NOTHING;
