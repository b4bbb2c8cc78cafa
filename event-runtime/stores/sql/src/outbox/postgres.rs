//! The outbox on PostgreSQL.

use sqlx::postgres::{PgConnection, PgListener, PgPool, Postgres};

use crate::StoreError;

use super::rows::{Claimed, ClaimedColumns, NewRow, Settled, in_order};
use super::sql::postgres;
use super::store::{Counts, End, OutboxStore, SetAsideColumns, Turn, json, same_for_both};

/// The channel on which the table's trigger tells of inserts; the payload is the table's schema.
const CHANNEL: &str = "event_outbox";

/// The table's own, which need not be the first of the search path.
const SCHEMA: &str = "SELECT nspname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE pg_class.oid = 'event_outbox'::regclass";

/// A connection that listens, and the schema whose inserts it listens for.
pub struct Ear {
    listener: PgListener,
    schema: String,
}

impl OutboxStore for Postgres {
    type Ear = Ear;

    async fn outbox_insert(
        connection: &mut PgConnection,
        rows: Vec<NewRow>,
        now: i64,
        locked: bool,
    ) -> Result<(), StoreError> {
        let sql = if locked { postgres::INSERT } else { postgres::INSERT_UNLOCKED };
        let (mut ids, mut types, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bodies, mut hops, mut deliver_at) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            ids.push(row.event_id);
            types.push(row.payload_type);
            keys.push(row.ordering_key);
            bodies.push(row.body);
            hops.push(row.hops);
            deliver_at.push(row.deliver_at);
        }
        let query =
            sqlx::query(sql).bind(ids).bind(types).bind(keys).bind(bodies).bind(hops).bind(deliver_at);
        let done = query.bind(now).execute(connection).await;
        done.map(drop).map_err(StoreError::during("insert into the outbox"))
    }

    async fn outbox_listen(pool: &PgPool) -> Result<Option<Ear>, StoreError> {
        // The only connection of a pool is needed for work.
        if pool.options().get_max_connections() < 2 {
            return Ok(None);
        }
        let failed = StoreError::during("listen for inserts into the outbox");
        let schema: String = sqlx::query_scalar(SCHEMA).fetch_one(pool).await.map_err(&failed)?;
        let mut listener = PgListener::connect_with(pool).await.map_err(&failed)?;
        // It would connect anew after the look at the table, and miss what comes in between.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Some(Ear { listener, schema }))
    }

    async fn outbox_heard(ear: &mut Ear) -> Result<bool, StoreError> {
        let failed = StoreError::during("hear of inserts into the outbox");
        loop {
            match ear.listener.try_recv().await.map_err(&failed)? {
                Some(notification) if notification.payload() == ear.schema => break,
                Some(_) => {}
                // The connection was lost, and with it perhaps a notification.
                None => return Ok(false),
            }
        }
        // One look at the table answers all that came by now. sqlx loses nothing where a read is dropped.
        loop {
            tokio::select! {
                biased;
                heard = ear.listener.try_recv() => if heard.map_err(&failed)?.is_none() { return Ok(false) },
                () = std::future::ready(()) => return Ok(true),
            }
        }
    }

    async fn outbox_turn(pool: &PgPool, turn: &Turn<'_>) -> Result<Vec<Claimed>, StoreError> {
        let query = sqlx::query_as::<_, ClaimedColumns>(postgres::TURN).bind(turn.claim).bind(turn.published);
        let query = query.bind(turn.now).bind(turn.until).bind(turn.most).bind(turn.waits);
        let rows = query.fetch_all(pool).await.map_err(StoreError::during("claim rows of the outbox"))?;
        Ok(in_order(rows))
    }

    same_for_both!(
        postgres,
        begin: "BEGIN",
        begin_unflushed: "BEGIN; SET LOCAL synchronous_commit = off"
    );
}
