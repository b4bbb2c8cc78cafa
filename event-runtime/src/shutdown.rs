//! When the operating system asks a process to end.

use std::future::Future;
use std::io;

/// Completes when the process is asked to end: by Ctrl-C, and on Unix by `SIGTERM` too, which is what Docker,
/// Kubernetes and systemd send. Give it to [`Consumer::run`](crate::consumer::Consumer::run), once for each consumer.
///
/// It listens from the call on, not from its first poll, and from then on those signals no longer end the process by
/// themselves: what still runs ends by its own deadline, such as `drain_deadline_seconds`. Where a signal can't be
/// listened to, that is logged and the signal keeps its usual effect.
///
/// ```no_run
/// # async fn example(consumer: event_runtime::consumer::Consumer, router: event_runtime::MessageRouter)
/// # -> Result<(), event_runtime::consumer::ConsumerError> {
/// consumer.run(router, event_runtime::shutdown_signal()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// Outside of a Tokio runtime, or in one without its I/O driver; `#[tokio::main]` has both.
///
/// # Cancel safety
/// A dropped future misses nothing that another one waits for.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + use<> {
    let mut signals = listen();
    async move { std::future::poll_fn(|context| poll_any(&mut signals, context)).await }
}

#[cfg(unix)]
type Listener = tokio::signal::unix::Signal;
#[cfg(windows)]
type Listener = tokio::signal::windows::CtrlC;

#[cfg(unix)]
fn listen() -> Vec<Listener> {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [("SIGINT", SignalKind::interrupt()), ("SIGTERM", SignalKind::terminate())];
    kinds.into_iter().filter_map(|(name, kind)| noted(name, signal(kind))).collect()
}

#[cfg(windows)]
fn listen() -> Vec<Listener> {
    noted("Ctrl-C", tokio::signal::windows::ctrl_c()).into_iter().collect()
}

fn noted(name: &str, listener: io::Result<Listener>) -> Option<Listener> {
    listener
        .inspect_err(|error| tracing::warn!(signal = name, %error, "the signal can't be listened to"))
        .ok()
}

fn poll_any(signals: &mut [Listener], context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
    let mut asked = false;
    for signal in signals {
        // Every one is polled, so that each wakes the task.
        asked |= signal.poll_recv(context).is_ready();
    }
    if asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    /// Sends a signal to this process. Whoever calls it listens already, or the tests would end here.
    fn signal(name: &str) {
        let process = std::process::id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} was not sent");
    }

    #[tokio::test]
    async fn both_signals_reach_everyone_who_listened_before_they_came() {
        for name in ["INT", "TERM"] {
            let (first, second) = (shutdown_signal(), shutdown_signal());
            let mut polled = Box::pin(shutdown_signal());
            tokio::select! {
                biased;
                () = &mut polled => panic!("nothing was sent yet"),
                () = std::future::ready(()) => {}
            }
            signal(name);
            let all = async { tokio::join!(first, second, polled) };
            let arrived = tokio::time::timeout(Duration::from_secs(30), all).await;
            assert!(arrived.is_ok(), "SIG{name} did not arrive");
        }
    }
}
