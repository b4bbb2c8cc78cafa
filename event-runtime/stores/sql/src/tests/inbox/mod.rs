//! The inbox: the suite of idempotency stores, and what transactions add.

use std::time::Duration;

use event_runtime::testing::idempotency::assert_keeps_promises;

use super::on_both;
use crate::inbox::SqlInbox;
use crate::{Database, migrate};

on_both!(it_keeps_the_promises_of_a_store);

async fn it_keeps_the_promises_of_a_store<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let inbox = SqlInbox::new(pool);
    assert_keeps_promises(inbox.clone(), async |time: Duration| tokio::time::sleep(time).await).await;
    // The suite has left expired records behind.
    assert!(inbox.delete_expired(1).await.unwrap() <= 1);
    while inbox.delete_expired(10).await.unwrap() > 0 {}
}
