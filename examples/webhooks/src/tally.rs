//! What became of every delivery, by event type.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_runtime::consumer::Original;
use event_runtime::embedded::Queue;
use event_runtime::{Codec, FailureCode, Metadata};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::Notify;

/// Counts by event type, shared by the handler and whoever prints.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Mutex<BTreeMap<String, Row>>,
    payloads: Mutex<BTreeMap<String, Box<RawValue>>>,
    changed: Notify,
}

#[derive(Default)]
struct Row {
    received: usize,
    handled: usize,
    lossy: usize,
    dead: BTreeMap<String, usize>,
}

impl Tally {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        self.0.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn payloads(&self) -> MutexGuard<'_, BTreeMap<String, Box<RawValue>>> {
        self.0.payloads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn received(&self, metadata: &Metadata, payload: &RawValue) {
        self.rows().entry(metadata.payload_type.to_string()).or_default().received += 1;
        self.payloads().insert(metadata.id.to_string(), payload.to_owned());
    }

    /// Counts a handled event; `encoded` is what its type makes of it, and must say nothing else than the original.
    pub(crate) fn handled(&self, metadata: &Metadata, encoded: &Value) {
        let original = self.payloads().remove(&*metadata.id);
        let original = original.and_then(|original| serde_json::from_str(original.get()).ok());
        let faithful = original.is_some_and(|original| stands_in(encoded, &original));
        let mut rows = self.rows();
        let row = rows.entry(metadata.payload_type.to_string()).or_default();
        row.handled += 1;
        row.lossy += usize::from(!faithful);
        drop(rows);
        self.0.changed.notify_one();
    }

    pub(crate) fn dead_lettered(&self, letter: &Original) {
        let (id, payload_type) = match Codec::decode(letter.body.clone()) {
            Ok(message) => (message.metadata().id.to_string(), message.metadata().payload_type.to_string()),
            Err(_) => ("(no id)".to_owned(), "(no envelope)".to_owned()),
        };
        let record = letter.record.as_ref().unwrap_or(&Value::Null);
        let reason = reason(record);
        eprintln!(
            "{id}: {payload_type}: {reason}: {}",
            record["error"]["message"].as_str().unwrap_or_default()
        );
        *self.rows().entry(payload_type).or_default().dead.entry(reason).or_default() += 1;
    }

    /// Completes when as many deliveries as `expected` were handled or are dead letters.
    pub(crate) fn settled(&self, expected: usize, dead: &Queue) -> impl Future<Output = ()> + use<> {
        let (tally, dead) = (self.clone(), dead.clone());
        async move {
            loop {
                let handled: usize = tally.rows().values().map(|row| row.handled).sum();
                let dead = dead.counts().map_or(0, |counts| counts.visible);
                if handled + dead >= expected {
                    return;
                }
                tokio::select! {
                    () = tally.0.changed.notified() => {}
                    () = tokio::time::sleep(Duration::from_millis(20)) => {}
                }
            }
        }
    }

    /// Whether everything of a known type was handled, and nothing lost a field on the way. What nobody subscribed to
    /// is kept as a dead letter and no mistake.
    pub(crate) fn is_clean(&self) -> bool {
        let known =
            |row: &Row| row.dead.keys().all(|reason| reason == FailureCode::UnknownPayloadType.as_str());
        self.rows().values().all(|row| known(row) && row.lossy == 0)
    }

    pub(crate) fn print(&self) {
        println!("{:<34} {:>8} {:>8} {:>13}  why", "event type", "received", "handled", "dead-lettered");
        for (payload_type, row) in &*self.rows() {
            let dead: usize = row.dead.values().sum();
            let mut why: Vec<String> =
                row.dead.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
            if row.lossy > 0 {
                why.push(format!("{} × changed by decoding and encoding", row.lossy));
            }
            let line = format!(
                "{payload_type:<34} {:>8} {:>8} {dead:>13}  {}",
                row.received,
                row.handled,
                why.join(", ")
            );
            println!("{}", line.trim_end());
        }
    }
}

/// Code and place of a failure, for instance `DECODE_FAILED at /repository`.
fn reason(record: &Value) -> String {
    let error = &record["error"];
    let code = error["code"].as_str().unwrap_or("no record");
    let details = &error["details"];
    let place = details["pointer"].as_str().or_else(|| details["errors"][0]["pointer"].as_str());
    place.map_or_else(|| code.to_owned(), |place| format!("{code} at {place:?}"))
}

/// Whether everything that `part` says stands in `whole` too; `null` says nothing.
fn stands_in(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Null, _) => true,
        (Value::Object(part), Value::Object(whole)) => part.iter().all(|(name, value)| {
            value.is_null() || whole.get(name).is_some_and(|whole| stands_in(value, whole))
        }),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| stands_in(part, whole))
        }
        _ => part == whole,
    }
}
