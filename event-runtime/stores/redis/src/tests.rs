//! Against the server that `EVENT_REDIS_URL` names (`tests/run` starts one); without it the tests print `skipped: …`.

use std::time::Duration;

use event_runtime::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyErrorKind, IdempotencyStore, PayloadDigest,
};
use event_runtime::testing::idempotency::assert_keeps_promises;

use crate::RedisIdempotencyStore;

async fn store() -> Option<RedisIdempotencyStore> {
    let Ok(url) = std::env::var("EVENT_REDIS_URL") else {
        println!("skipped: EVENT_REDIS_URL names no Redis");
        return None;
    };
    Some(RedisIdempotencyStore::connect(&url).await.unwrap())
}

fn request(key: &str) -> ClaimRequest {
    ClaimRequest {
        claim: Claim::new("redis-tests", key),
        digest: PayloadDigest::of_parts("order.paid", 1, b"{}"),
        generation: 0,
        ttl: Duration::from_secs(60),
        retention: Duration::from_secs(60),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_promises_of_a_store() {
    let Some(store) = store().await else { return };
    assert_keeps_promises(store, async |time: Duration| tokio::time::sleep(time).await).await;
}

#[tokio::test]
async fn prefixes_are_apart_and_every_record_ends() {
    let Some(store) = store().await else { return };
    let run = ClaimRequest { retention: Duration::MAX, ..request("prefix") };
    for prefix in ["a", "b"] {
        let prefix = format!("{}{prefix}", run.claim.token);
        let store = store.clone().with_prefix(prefix.as_str());
        assert_eq!(store.claim(&run).await.unwrap(), ClaimOutcome::Claimed { abandoned: 0 });
        let key = format!("{prefix}:11:redis-tests:prefix");
        let left: i64 = redis::cmd("PTTL").arg(key).query_async(&mut store_connection().await).await.unwrap();
        assert!(left > 0, "{left}");
    }
}

async fn store_connection() -> redis::aio::ConnectionManager {
    let url = std::env::var("EVENT_REDIS_URL").unwrap();
    redis::Client::open(url).unwrap().get_connection_manager().await.unwrap()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_a_url_that_is_none_is_not() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = redis::Client::open(format!("redis://{free}")).unwrap();
    let config = redis::aio::ConnectionManagerConfig::new().set_number_of_retries(0);
    let store = RedisIdempotencyStore::new(client.get_connection_manager_lazy(config).unwrap());
    let error = store.claim(&request("down")).await.unwrap_err();
    assert_eq!(error.kind(), IdempotencyErrorKind::Unavailable);
    let error = RedisIdempotencyStore::connect("no url").await.unwrap_err();
    assert_eq!(error.kind(), IdempotencyErrorKind::Unexpected);
}
