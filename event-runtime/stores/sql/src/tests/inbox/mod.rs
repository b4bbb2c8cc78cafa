//! The inbox: the suite of idempotency stores, what transactions add, and processes that end.

mod poison;
mod transactional;

use std::time::Duration;

use event_runtime::testing::idempotency::assert_keeps_promises;
use event_runtime::{Codec, Message, Metadata};

use super::on_both;
use crate::inbox::SqlInbox;
use crate::{Database, migrate};

on_both!(it_keeps_the_promises_of_a_store, expired_records_are_deleted_in_batches);

fn message(payload_type: &'static str) -> Message {
    Codec::Native.encode_raw(Metadata::new(payload_type, 1), r#"{"amount":1}"#, None).unwrap()
}

async fn it_keeps_the_promises_of_a_store<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    assert_keeps_promises(SqlInbox::new(pool), async |time: Duration| tokio::time::sleep(time).await).await;
}

async fn expired_records_are_deleted_in_batches<Db: Database>(pool: sqlx::Pool<Db>) {
    use event_runtime::idempotency::{Claim, ClaimRequest, IdempotencyStore, PayloadDigest};

    migrate(&pool).await.unwrap();
    let inbox = SqlInbox::new(pool);
    for key in 0..8 {
        let request = ClaimRequest {
            claim: Claim::new("billing", key.to_string()),
            digest: PayloadDigest::of_parts("a", 1, b"{}"),
            generation: 0,
            ttl: Duration::from_secs(60),
            retention: Duration::from_secs(60),
        };
        inbox.claim(&request).await.unwrap();
        // All but one end at once.
        let retention = if key == 7 { Duration::from_secs(60) } else { Duration::ZERO };
        inbox.complete(&request.claim, retention).await.unwrap();
    }
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.push(inbox.delete_expired(3).await.unwrap());
    }
    assert_eq!(deleted, [3, 3, 1, 0]);
}
