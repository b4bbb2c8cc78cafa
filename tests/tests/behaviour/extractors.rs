//! What handlers can take out of a message, its delivery and the router's state.

use event_runtime::handler::CancellationToken;
use event_runtime::handler::{
    Attempt, Cancellation, Extension, FromIncoming, FromRef, Headers, Incoming, State,
};
use event_runtime::layer::{Next, layer_fn_with};
use event_runtime::testing::Harness;
use event_runtime::{FailureCode, HandlerError, Message, MessageRouter, Metadata, Outcome};

use super::raw::{message, with_metadata};

#[tokio::test]
async fn message_metadata_and_headers_are_those_of_the_message() {
    async fn handler(message: Message, metadata: Metadata, headers: Headers) -> Result<(), HandlerError> {
        assert_eq!(message.payload(), "{}");
        assert_eq!(message.metadata().id, "event-1");
        assert_eq!(metadata.tenant_id.as_deref(), Some("acme"));
        assert_eq!(headers.required("region")?, "eu");
        assert_eq!(headers.len(), 1);
        Ok(())
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    let message = with_metadata("a", |metadata| {
        metadata.id = "event-1".into();
        metadata.tenant_id = Some("acme".into());
        metadata.headers.insert("region".to_owned(), "eu".to_owned());
    });
    harness.deliver(message).await.assert_acked();
}

#[tokio::test]
async fn a_missing_required_header_is_a_dead_letter_that_names_it() {
    async fn handler(headers: Headers) -> Result<(), HandlerError> {
        headers.required("region")?;
        Ok(())
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    let delivered = harness.deliver(message("a")).await.assert_dead_lettered(FailureCode::HandlerFailed);
    assert!(delivered.failure().unwrap().message.contains("\"region\""));
}

#[tokio::test]
async fn the_attempt_is_the_delivery_s() {
    async fn handler(Attempt(attempt): Attempt) -> Outcome {
        Outcome::discard(attempt.to_string())
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    let delivered = harness.deliver(message("a")).as_attempt(4).await;
    assert_eq!(*delivered.outcome(), Outcome::discard("4"));
}

#[tokio::test]
async fn cancellation_reaches_the_handler_and_what_it_starts() {
    async fn handler(cancellation: Cancellation, token: CancellationToken) -> Outcome {
        let started = tokio::spawn(async move { token.cancelled().await });
        cancellation.cancelled().await;
        started.await.unwrap();
        Outcome::discard(cancellation.is_cancelled().to_string())
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    let lease_lost = CancellationToken::new();
    let delivery = harness.deliver(message("a")).with_cancellation(lease_lost.clone());
    let (delivered, ()) = tokio::join!(delivery.into_future(), async { lease_lost.cancel() });
    assert_eq!(*delivered.outcome(), Outcome::discard("true"));
}

#[tokio::test]
async fn a_handler_that_cancels_its_own_token_cancels_nobody_else() {
    async fn handler(cancellation: Cancellation, token: CancellationToken) -> Outcome {
        token.cancel();
        Outcome::discard(cancellation.is_cancelled().to_string())
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    let consumer = CancellationToken::new();
    let with_token = harness.deliver(message("a")).with_cancellation(consumer.clone()).await;
    let without = harness.deliver(message("a")).await;
    assert_eq!(*with_token.outcome(), Outcome::discard("false"));
    assert_eq!(*without.outcome(), Outcome::discard("false"));
    assert!(!consumer.is_cancelled());
}

#[tokio::test]
async fn a_part_of_the_state_is_enough() {
    #[derive(Clone)]
    struct Region(&'static str);
    struct App {
        region: Region,
    }
    impl FromRef<App> for Region {
        fn from_ref(app: &App) -> Self {
            app.region.clone()
        }
    }
    async fn handler(State(region): State<Region>) -> Outcome {
        Outcome::discard(region.0)
    }
    let router = MessageRouter::new().with_state(App { region: Region("eu") }).on_type("a", handler);
    assert_eq!(router.handle(message("a")).await, Outcome::discard("eu"));
}

#[derive(Clone)]
struct Transaction(u32);

async fn in_transaction(Extension(transaction): Extension<Transaction>) -> Outcome {
    Outcome::discard(transaction.0.to_string())
}

async fn perhaps_in_transaction(transaction: Option<Extension<Transaction>>) -> Outcome {
    Outcome::discard(transaction.map_or(0, |transaction| transaction.0.0).to_string())
}

#[tokio::test]
async fn a_layer_s_value_reaches_the_handler_and_the_innermost_wins() {
    let with = |number| {
        layer_fn_with(number, async |number: &u32, incoming: Incoming, next: Next<'_>| {
            next.run(incoming.with_extension(Transaction(*number))).await
        })
    };
    let router = MessageRouter::new()
        .on_type("a", in_transaction)
        .on_type("b", perhaps_in_transaction)
        .layer(with(1))
        .layer(with(2));
    assert_eq!(router.handle(message("a")).await, Outcome::discard("2"));
    assert_eq!(router.handle(message("b")).await, Outcome::discard("2"));
}

#[tokio::test]
async fn a_value_that_no_layer_adds_is_a_retry_or_none() {
    let harness =
        Harness::new(MessageRouter::new().on_type("a", in_transaction).on_type("b", perhaps_in_transaction));
    let delivered = harness.deliver(message("a")).await.assert_retried();
    assert!(delivered.failure().unwrap().message.contains("Transaction"));
    assert_eq!(*harness.deliver(message("b")).await.outcome(), Outcome::discard("0"));
}

/// The tenant, which every message here has to name.
struct Tenant(String);

impl<S> FromIncoming<S> for Tenant {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        let tenant = incoming.message().metadata().tenant_id.as_ref().map(ToString::to_string);
        tenant.map(Self).ok_or_else(|| HandlerError::dead_letter("no tenant"))
    }
}

#[tokio::test]
async fn an_extractor_of_one_s_own_decides_about_the_message() {
    async fn handler(tenant: Tenant) -> Outcome {
        Outcome::discard(tenant.0)
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    harness.deliver(message("a")).await.assert_dead_lettered(FailureCode::HandlerFailed);
    let message = with_metadata("a", |metadata| metadata.tenant_id = Some("acme".into()));
    assert_eq!(*harness.deliver(message).await.outcome(), Outcome::discard("acme"));
}
