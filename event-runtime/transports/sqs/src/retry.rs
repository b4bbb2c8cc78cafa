//! Calls that are repeated while SQS fails or asks to slow down.

use std::time::Duration;

use event_runtime::Clock;
use event_runtime::consumer::Backoff;

use crate::error::Fault;

const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), max: Duration::from_secs(2) };

/// Calls until it succeeds, fails for good, or has failed `attempts` times.
pub(crate) async fn persist<T, F: Future<Output = Result<T, Fault>>>(
    clock: &Clock,
    attempts: u32,
    call: impl Fn() -> F,
) -> Result<T, Fault> {
    let mut attempt = 1;
    loop {
        match call().await {
            Err(fault) if fault.is_retryable() && attempt < attempts => {
                clock.sleep(BACKOFF.ceiling(attempt).mul_f64(0.5 + fastrand::f64() / 2.0)).await;
                attempt += 1;
            }
            answer => return answer,
        }
    }
}
