//! The files. A component has a line for each version and database; components do not depend on each other.

use super::Migration;

/// Every migration for PostgreSQL, in the order of application.
#[cfg(feature = "postgres")]
pub const POSTGRES: &[Migration] = &[
    Migration {
        component: "outbox",
        version: 1,
        sql: include_str!("../../migrations/postgres/outbox_0001.sql"),
    },
    Migration {
        component: "inbox",
        version: 1,
        sql: include_str!("../../migrations/postgres/inbox_0001.sql"),
    },
    Migration {
        component: "dead_letters",
        version: 1,
        sql: include_str!("../../migrations/postgres/dead_letters_0001.sql"),
    },
];

/// Every migration for SQLite, in the order of application.
#[cfg(feature = "sqlite")]
pub const SQLITE: &[Migration] = &[
    Migration {
        component: "outbox",
        version: 1,
        sql: include_str!("../../migrations/sqlite/outbox_0001.sql"),
    },
    Migration { component: "inbox", version: 1, sql: include_str!("../../migrations/sqlite/inbox_0001.sql") },
    Migration {
        component: "dead_letters",
        version: 1,
        sql: include_str!("../../migrations/sqlite/dead_letters_0001.sql"),
    },
];
