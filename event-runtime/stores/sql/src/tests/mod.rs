//! The suite that both databases pass.
//!
//! PostgreSQL is the one that `EVENT_POSTGRES_URL` names (`tests/run` starts one); without it those cases print `skipped: …`. A
//! test has a schema, or a file, of its own.

#![cfg(all(feature = "postgres", feature = "sqlite"))]

mod databases;
mod dead_letters;
mod emit;
mod inbox;
mod migrations;
mod relay;
mod shop;
mod side_by_side;
mod telemetry;

/// A clock that stands at a moment of its own.
pub(crate) fn clock() -> event_runtime::ManualClock {
    event_runtime::ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
}

/// Runs one test body on both databases: `on_both!(first, second)`, each an `async fn(sqlx::Pool<Db>)`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(place) = $crate::tests::databases::postgres().await {
                    super::$name(place.pool.clone()).await;
                    place.remove().await;
                }
            })+
        }

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = $crate::tests::databases::sqlite().await;
                super::$name(place.pool.clone()).await;
                place.remove().await;
            })+
        }
    };
}
pub(crate) use on_both;
