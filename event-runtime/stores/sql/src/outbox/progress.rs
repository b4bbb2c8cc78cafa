//! Which producers have an event of the outbox already, and what to do where one of them is gone.

use serde::{Deserialize, Serialize};

use crate::{Database, StoreError};

/// How many rows are read at once.
const STEP: i64 = 500;

/// Which producers have an event, and which do not; what makes a retry go to the remaining ones only.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) taken: Vec<String>,
    pub(super) remaining: Vec<String>,
}

impl Progress {
    /// Another name for a producer, or none; whether anything changed.
    fn rename(&mut self, from: &str, to: Option<&str>) -> bool {
        let (mut changed, names) = (false, self.taken.iter_mut().chain(&mut self.remaining));
        for name in names.filter(|name| *name == from) {
            to.unwrap_or(from).clone_into(name);
            changed = true;
        }
        if to.is_none() {
            self.remaining.retain(|name| name != from);
        }
        // Who is both has it: it must not get it twice.
        self.remaining.retain(|name| !self.taken.contains(name));
        changed
    }
}

/// Tells the outbox that a producer has another name now (`to`), or that there is no such producer any more (`None`), and
/// returns how many rows were about it.
///
/// A row that some producers took and others did not waits for the others by name. Where the pool knows no producer of such
/// a name any more, the row waits for ever, and its key with it; the log says so at each attempt. Call this once, after
/// the application runs with its new configuration: rows that everybody else has are then removed, the rest goes on
/// when their next attempt is due.
///
/// ```
/// # async fn example(pool: sqlx::SqlitePool) -> Result<(), event_store_sql::StoreError> {
/// let rows = event_store_sql::outbox::rename_producer(&pool, "orders", Some("orders-v2")).await?;
/// println!("{rows} rows wait for `orders-v2` now");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What the database answers; rows that were changed before stay changed, and the call can be repeated.
///
/// # Cancel safety
/// A dropped call has changed some of the rows; call it again.
pub async fn rename_producer<Db: Database>(
    pool: &sqlx::Pool<Db>,
    from: &str,
    to: Option<&str>,
) -> Result<u64, StoreError> {
    let (mut changed, mut after) = (0, i64::MIN);
    loop {
        let rows = Db::outbox_list_partly_published(pool, after, STEP).await?;
        let Some((last, _)) = rows.last() else { return Ok(changed) };
        after = *last;
        for (sequence, before) in rows {
            let Ok(mut progress) = serde_json::from_str::<Progress>(&before) else { continue };
            if !progress.rename(from, to) {
                continue;
            }
            let is_left = !progress.remaining.is_empty();
            let text = is_left.then(|| super::store::json(&progress)).transpose()?;
            let done = Db::outbox_change_progress(pool, sequence, &before, text.as_deref()).await?;
            changed += u64::from(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(taken: &[&str], remaining: &[&str], to: Option<&str>) -> Option<(Vec<String>, Vec<String>)> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut progress = Progress { taken: own(taken), remaining: own(remaining) };
        progress.rename("old", to).then_some((progress.taken, progress.remaining))
    }

    #[test]
    fn a_name_changes_wherever_it_stands_and_nobody_gets_an_event_twice() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(renamed(&["a"], &["b"], Some("new")), None);
        assert_eq!(renamed(&["a"], &["old", "b"], Some("new")), Some((names(&["a"]), names(&["new", "b"]))));
        assert_eq!(renamed(&["old"], &["b"], Some("new")), Some((names(&["new"]), names(&["b"]))));
        assert_eq!(renamed(&["new"], &["old"], Some("new")), Some((names(&["new"]), names(&[]))));
        assert_eq!(renamed(&["a"], &["old"], None), Some((names(&["a"]), names(&[]))));
    }
}
