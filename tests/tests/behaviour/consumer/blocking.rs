//! A handler that blocks its thread takes one thread from the runtime, and nothing else from the consumer.

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use event_runtime::Message;
use event_runtime::consumer::ConsumerSettings;
use event_runtime::delivery::SettleAction;

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, consumer, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_of_one_batch_are_handled_on_several_threads() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let together = Arc::new(Barrier::new(2));
    let running = Running::start(consumer(&source, &letters), move |_: Message| {
        together.wait();
        async {}
    });
    source.deliver([delivery(body("1")), delivery(body("2"))]);
    source.settlements(2).await;
    assert_eq!(running.stop(&source).await.acknowledged, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_handled_is_settled_while_the_next_handler_blocks() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { concurrency: 1, ..settings() };
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let running =
        Running::start(consumer(&source, &letters).with_settings(settings), move |message: Message| {
            if message.metadata().id == "blocks" {
                let _ = released.lock().unwrap().recv();
            }
            async {}
        });
    source.deliver([delivery(body("handled")), delivery(body("blocks"))]);
    let handled = tokio::time::timeout(Duration::from_secs(60), source.settlements(1)).await;
    drop(release);
    assert_eq!(handled.unwrap(), [(0, SettleAction::Remove)]);
    source.settlements(2).await;
    running.stop(&source).await;
}
