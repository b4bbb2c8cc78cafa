-- event-store-sql, component `inbox`, version 1, PostgreSQL.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  text        NOT NULL,
    version    integer     NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC, by the server's clock.
CREATE TABLE IF NOT EXISTS event_inbox (
    -- Who handles, and what: usually the event's id.
    handler       text     NOT NULL,
    message_key   text     NOT NULL,
    -- SHA-256 of payload type, version and payload.
    digest        bytea    NOT NULL,
    -- 0 = released, 1 = claimed, 2 = completed.
    state         smallint NOT NULL,
    -- The claim that holds the row or has completed it.
    token         text     NOT NULL,
    claimed_until bigint   NOT NULL,
    -- Abandoned claims, of this sending of the message.
    generation    bigint   NOT NULL,
    abandoned     bigint   NOT NULL,
    -- From then on the row counts as not there.
    expires_at    bigint   NOT NULL,
    PRIMARY KEY (handler, message_key)
);

CREATE INDEX IF NOT EXISTS event_inbox_expired ON event_inbox (expires_at);

INSERT INTO event_store_migration (component, version) VALUES ('inbox', 1) ON CONFLICT DO NOTHING;
