-- event-store-sql, component `outbox`, version 1, PostgreSQL.
-- Every file of this folder may be run by hand: it can be repeated, and it records itself.

CREATE TABLE IF NOT EXISTS event_store_migration (
    component  text        NOT NULL,
    version    integer     NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, version)
);

-- Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE IF NOT EXISTS event_outbox (
    sequence      bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id      text     NOT NULL,
    payload_type  text     NOT NULL,
    -- Rows of one key are published in the order of their sequence; NULL has no order.
    ordering_key  text,
    -- The encoded message as it travels.
    body          text     NOT NULL,
    hops          integer  NOT NULL DEFAULT 0,
    -- The broker keeps the event back until then.
    deliver_at    bigint,
    created_at    bigint   NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    -- 0 = to be published, 1 = published, 2 = set aside.
    state         smallint NOT NULL DEFAULT 0,
    -- Not tried before then.
    available_at  bigint   NOT NULL DEFAULT 0,
    attempts      integer  NOT NULL DEFAULT 0,
    -- How many of the attempts failed for good.
    refusals      integer  NOT NULL DEFAULT 0,
    -- The relay that is publishing the row, and until when it may.
    claimed_by    text,
    claimed_until bigint   NOT NULL DEFAULT 0,
    -- After a partial failure: which producers took the event, and which did not. JSON.
    progress      text,
    last_error    text,
    -- When it was published or set aside.
    settled_at    bigint
);

CREATE INDEX IF NOT EXISTS event_outbox_pending ON event_outbox (sequence) WHERE state = 0;
CREATE INDEX IF NOT EXISTS event_outbox_pending_key ON event_outbox (ordering_key, sequence)
    WHERE state = 0 AND ordering_key IS NOT NULL;
-- The few rows that hold their keys back.
CREATE INDEX IF NOT EXISTS event_outbox_held ON event_outbox (ordering_key)
    WHERE state = 0 AND ordering_key IS NOT NULL AND (claimed_until > 0 OR available_at > 0);
CREATE INDEX IF NOT EXISTS event_outbox_settled ON event_outbox (state, settled_at) WHERE state <> 0;

-- Wakes relays when the inserting transaction commits. PostgreSQL commits notifying transactions one after the other; where that
-- costs too much, disable the trigger: relays then find rows by polling.
CREATE OR REPLACE FUNCTION event_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('event_outbox', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER event_outbox_notify AFTER INSERT ON event_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION event_outbox_notify();

INSERT INTO event_store_migration (component, version) VALUES ('outbox', 1) ON CONFLICT DO NOTHING;
