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
    -- After a partial failure: which producers took the event, and which did not. JSON.
    progress      text,
    last_error    text,
    -- When it was published or set aside.
    settled_at    bigint
);

CREATE INDEX IF NOT EXISTS event_outbox_pending ON event_outbox (sequence) WHERE state = 0;
-- The few rows that hold their keys back.
CREATE INDEX IF NOT EXISTS event_outbox_held ON event_outbox (ordering_key)
    WHERE state = 0 AND ordering_key IS NOT NULL AND available_at > 0;
CREATE INDEX IF NOT EXISTS event_outbox_settled ON event_outbox (state, settled_at) WHERE state <> 0;

-- A row for each batch that a relay is publishing: a claim changes none of the rows that it is about.
CREATE TABLE IF NOT EXISTS event_outbox_claim (
    claim         text     PRIMARY KEY,
    claimed_until bigint   NOT NULL,
    sequences     bigint[] NOT NULL,
    -- The ordering keys of these rows, hashed: no other relay gets at a row of theirs.
    keys          bigint[] NOT NULL
);

-- Removes published rows and claims others, in one transaction: whoever publishes without a pause has one commit a batch. It
-- claims none where `a_most` is 0; else a commit that waits for the disk makes other claims wait too.
-- Claims are made one after the other, so that no two have a row, or a key, in common: each sees those before it.
CREATE OR REPLACE FUNCTION event_outbox_turn(
    a_claim text, a_published bigint[], a_now bigint, a_until bigint, a_most bigint, a_waits boolean
) RETURNS SETOF event_outbox LANGUAGE plpgsql AS $$
BEGIN
    IF NOT a_waits THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    DELETE FROM event_outbox WHERE sequence = ANY (a_published);
    IF a_most = 0 THEN
        DELETE FROM event_outbox_claim WHERE claim = a_claim;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(('event_outbox'::regclass::oid::bigint % 2147483647)::integer, 1024);
    DELETE FROM event_outbox_claim WHERE claim <> a_claim AND claimed_until <= a_now;
    RETURN QUERY
        WITH picked AS MATERIALIZED (
            SELECT * FROM event_outbox AS pending
            WHERE state = 0 AND available_at <= a_now
                AND sequence NOT IN (SELECT unnest(sequences) FROM event_outbox_claim WHERE claim <> a_claim)
                AND (ordering_key IS NULL OR (
                    hashtextextended(ordering_key, 0) NOT IN (
                        SELECT unnest(keys) FROM event_outbox_claim WHERE claim <> a_claim)
                    AND ordering_key NOT IN (
                        SELECT held.ordering_key FROM event_outbox AS held
                        WHERE held.state = 0 AND held.ordering_key IS NOT NULL AND held.available_at > 0
                            AND held.available_at > a_now)))
            ORDER BY sequence LIMIT a_most
        ), claimed AS (
            INSERT INTO event_outbox_claim AS present (claim, claimed_until, sequences, keys)
            SELECT a_claim, a_until, array_agg(sequence), coalesce(
                array_agg(DISTINCT hashtextextended(ordering_key, 0)) FILTER (WHERE ordering_key IS NOT NULL), '{}')
            FROM picked HAVING count(*) > 0
            ON CONFLICT (claim) DO UPDATE
            SET claimed_until = excluded.claimed_until, sequences = excluded.sequences, keys = excluded.keys
        )
        SELECT * FROM picked;
    IF NOT FOUND THEN
        DELETE FROM event_outbox_claim WHERE claim = a_claim;
    END IF;
END
$$;

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
