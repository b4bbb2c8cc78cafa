//! The tables of this crate, and how they come into a database.
//!
//! Owns versions and the order in which they are applied; what a table means is its component's matter.

mod list;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steps;

use std::future::Future;

use crate::{Database, StoreError, StoreErrorKind};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use steps::same_for_both;

#[cfg(feature = "postgres")]
pub use list::POSTGRES;
#[cfg(feature = "sqlite")]
pub use list::SQLITE;

/// One step of a component's tables: a file of the crate's folder `migrations`.
///
/// A file may be run by hand, with `psql -f` or `sqlite3 <`: it can be repeated, and it records itself in
/// `event_store_migration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Which part of the crate it belongs to: `outbox`, `inbox`, ….
    pub component: &'static str,
    /// From 1 on, without gaps inside a component.
    pub version: i32,
    /// The statements.
    pub sql: &'static str,
}

/// Brings every table of this crate up to date and returns what was applied, in order; nothing where all was there.
///
/// Everything happens in one transaction, and processes that start at once wait for each other: on PostgreSQL by an advisory
/// lock for the current schema, on SQLite by `BEGIN IMMEDIATE`. Tables come into the first schema of the connection's
/// `search_path`, unless another one on the path has them already: then those are meant, here and in every statement.
///
/// # Errors
/// [`StoreErrorKind::SchemaNewer`] where the database knows a version that this crate does not, and nothing is changed; else
/// what the database answers.
///
/// # Cancel safety
/// A dropped call has applied everything or nothing.
pub async fn migrate<Db: Database>(pool: &sqlx::Pool<Db>) -> Result<Vec<Migration>, StoreError> {
    Db::apply_migrations(pool).await
}

/// Checks that the tables of `component` are those that this version of the crate knows.
///
/// # Errors
/// [`StoreErrorKind::SchemaMissing`] where [`migrate`] is to be run, [`StoreErrorKind::SchemaNewer`] where the application is to
/// be updated; else what the database answers.
///
/// # Cancel safety
/// A dropped call has changed nothing.
pub async fn check_schema<Db: Database>(pool: &sqlx::Pool<Db>, component: &str) -> Result<(), StoreError> {
    let applied = Db::applied_migrations(pool).await?;
    match pending(Db::MIGRATIONS, &applied)?.iter().find(|migration| migration.component == component) {
        None => Ok(()),
        Some(missing) => Err(StoreError::new(
            StoreErrorKind::SchemaMissing,
            format!(
                "version {} of the tables of `{component}` is missing; run `event_store_sql::migrate` or the files in the \
                 crate's folder `migrations`",
                missing.version
            ),
        )),
    }
}

/// What each database does in its own way.
pub trait Steps: sqlx::Database {
    /// Every migration in the order of application.
    const MIGRATIONS: &'static [Migration];

    /// The component and version of what was applied.
    fn applied_migrations(
        pool: &sqlx::Pool<Self>,
    ) -> impl Future<Output = Result<Vec<(String, i32)>, StoreError>> + Send;

    /// Applies what is pending.
    fn apply_migrations(
        pool: &sqlx::Pool<Self>,
    ) -> impl Future<Output = Result<Vec<Migration>, StoreError>> + Send;
}

/// What is still to be applied.
fn pending(known: &[Migration], applied: &[(String, i32)]) -> Result<Vec<Migration>, StoreError> {
    for (component, version) in applied {
        let newest =
            known.iter().filter(|known| known.component == component).map(|known| known.version).max();
        // A component that is unknown as a whole is another feature's or a later crate's; its tables are no concern of ours.
        if let Some(newest) = newest.filter(|newest| newest < version) {
            return Err(StoreError::new(
                StoreErrorKind::SchemaNewer,
                format!(
                    "the tables of `{component}` have version {version}, and this crate knows {newest}; update the application"
                ),
            ));
        }
    }
    let is_applied = |migration: &&Migration| {
        !applied
            .iter()
            .any(|(component, version)| component == migration.component && *version == migration.version)
    };
    Ok(known.iter().filter(is_applied).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(component: &'static str, version: i32) -> Migration {
        Migration { component, version, sql: "" }
    }

    #[test]
    fn what_was_applied_is_not_pending() {
        let known = [step("a", 1), step("a", 2), step("b", 1)];
        let applied = [("a".to_owned(), 1), ("elsewhere".to_owned(), 9)];
        assert_eq!(pending(&known, &applied).unwrap(), [step("a", 2), step("b", 1)]);
    }

    #[test]
    fn a_newer_version_is_refused() {
        let error = pending(&[step("a", 1)], &[("a".to_owned(), 2)]).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::SchemaNewer);
    }
}
