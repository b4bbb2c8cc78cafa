//! What a relay does between batches: it waits for rows, keeps away from what is failing, and keeps house.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Database, StoreError};

use super::{Relay, RelayReport, telemetry};

/// When a relay that has become idle looks again, whatever it hears: a notification that was taken before its row could be seen
/// would else cost a whole interval.
const LOOKS_AGAIN: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(10)];

pub(super) struct Idle<'a, Db: Database> {
    relay: &'a Relay<Db>,
    ear: Option<Db::Ear>,
    /// The database tells of nothing, or could not be listened to: not before then.
    listen_at: i64,
    clean_up_at: i64,
    measure_at: i64,
    is_new: bool,
    /// Rounds in a row in which nothing went through.
    failures: u32,
    /// Looks at the table since the last that found something.
    looks: u32,
}

impl<'a, Db: Database> Idle<'a, Db> {
    pub(super) fn new(relay: &'a Relay<Db>) -> Self {
        Self {
            relay,
            ear: None,
            listen_at: 0,
            clean_up_at: 0,
            measure_at: 0,
            is_new: true,
            failures: 0,
            looks: 0,
        }
    }

    /// Whether no round has come to its end yet.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Begins to listen, unless it listens already; without an ear the relay polls.
    pub(super) async fn listen(&mut self) {
        let now = self.relay.now();
        if let Some(ear) = &mut self.ear {
            // The look at the table that follows answers what came by now. A relay that is never idle has to take it as well, or
            // the server keeps it for us until its queue is full.
            let heard = tokio::select! {
                biased;
                heard = Db::outbox_heard(ear) => heard,
                () = std::future::ready(()) => Ok(true),
            };
            self.heard(heard);
        }
        if self.ear.is_some() || now < self.listen_at {
            return;
        }
        match Db::outbox_listen(&self.relay.pool).await {
            Ok(Some(ear)) => self.ear = Some(ear),
            Ok(None) => self.listen_at = i64::MAX,
            Err(error) => {
                telemetry::store_failed(&self.relay.name, &error);
                self.listen_at = later(now, self.relay.settings.backoff.max);
            }
        }
    }

    /// Waits as long as the last round asks for.
    ///
    /// # Errors
    /// A failure that no waiting mends.
    pub(super) async fn after(
        &mut self,
        round: Result<RelayReport, StoreError>,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let settings = &self.relay.settings;
        match round {
            Err(error) if !error.is_retryable() => return Err(error),
            Err(error) => {
                telemetry::store_failed(&self.relay.name, &error);
                // Its connection is broken as well.
                self.ear = None;
                self.failures = self.failures.saturating_add(1);
            }
            Ok(report) if report.is_stuck(settings.batch) => self.failures = self.failures.saturating_add(1),
            Ok(report) => {
                self.is_new = false;
                if report.claimed > 0 {
                    self.failures = 0;
                    self.looks = 0;
                }
                // A round that had something to do is followed by a look whether there is more.
                if report.claimed > 0 || report.removed > 0 {
                    return Ok(());
                }
                self.wait_for_rows(stop).await;
                return Ok(());
            }
        }
        let pause = self.relay.clock.sleep(settings.pause(self.failures));
        tokio::select! {
            () = pause => {}
            () = stop.cancelled() => {}
        }
        Ok(())
    }

    /// Waits until rows were inserted, but no longer than one interval: a row may be waiting for its next attempt, or for the end
    /// of a dead relay's lease.
    async fn wait_for_rows(&mut self, stop: &CancellationToken) {
        let mut pause = self.relay.settings.poll_interval;
        if let Some(again) = LOOKS_AGAIN.get(self.looks as usize) {
            // What was heard is answered by one look; where that one came too early, nobody tells again.
            self.looks += 1;
            pause = pause.min(*again);
        }
        if self.ear.is_none() && self.listen_at != i64::MAX {
            // Deaf for now: no longer than until it is time to listen again.
            let left = self.listen_at.saturating_sub(self.relay.now());
            pause = pause.min(Duration::from_millis(u64::try_from(left).unwrap_or_default()));
        }
        let heard = async {
            match &mut self.ear {
                Some(ear) => Db::outbox_heard(ear).await,
                None => std::future::pending().await,
            }
        };
        let heard = tokio::select! {
            heard = heard => heard,
            () = self.relay.clock.sleep(pause) => Ok(true),
            () = stop.cancelled() => Ok(true),
        };
        self.heard(heard);
    }

    /// A lost connection is followed by a new one before the next look at the table.
    fn heard(&mut self, heard: Result<bool, StoreError>) {
        match heard {
            Ok(true) => {}
            Ok(false) => self.ear = None,
            Err(error) => {
                telemetry::store_failed(&self.relay.name, &error);
                self.ear = None;
                self.listen_at = later(self.relay.now(), self.relay.settings.backoff.max);
            }
        }
    }

    /// Whether it is time for [`Idle::keep_house`].
    pub(super) fn has_house_to_keep(&self) -> bool {
        let now = self.relay.now();
        now >= self.measure_at || now >= self.clean_up_at
    }

    /// Removes a batch of kept rows and measures, where it is time to; returns how many rows were removed. What fails is logged
    /// and comes again when it is due: publishing does not depend on it.
    pub(super) async fn keep_house(&mut self) -> u64 {
        let relay = self.relay;
        let now = relay.now();
        if now >= self.measure_at {
            self.measure_at = later(now, relay.settings.stats_interval);
            match relay.stats().await {
                Ok(stats) => telemetry::measured(&relay.name, &stats),
                Err(error) => telemetry::store_failed(&relay.name, &error),
            }
        }
        if now < self.clean_up_at {
            return 0;
        }
        let removed = match relay.clean_up().await {
            Ok(removed) => removed,
            Err(error) => {
                telemetry::store_failed(&relay.name, &error);
                0
            }
        };
        // A full batch means that there is more; it goes after the next rows were published.
        if removed < u64::from(relay.settings.clean_up_batch.max(1)) {
            self.clean_up_at = later(now, relay.settings.clean_up_interval);
        }
        removed
    }
}

fn later(now: i64, by: Duration) -> i64 {
    now.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
