//! The source against a service that fails.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use event_runtime::ManualClock;
use event_runtime::delivery::{Delivery, SettleAction, Settlement};
use event_runtime::embedded::{Broker, OutgoingMessage, QueueSettings};
use event_runtime::transport::{SettleError, Source, SourceErrorKind};
use event_transport_sqs::local::{Action, Fault, FaultRule, LocalEndpoint};
use event_transport_sqs::{SourceSettings, SqsClientConfiguration, SqsSource};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::fixture::{Fixture, messages, soon};

const NO_WAIT: Duration = Duration::ZERO;

fn put(fixture: &Fixture, count: usize, keys: usize) {
    for message in messages(count, keys) {
        let id = message.metadata().id.to_string();
        let mut outgoing = OutgoingMessage::new(message.body().clone().into_bytes());
        if fixture.queue.is_fifo() {
            let key = message.metadata().partition_key.as_ref().unwrap().to_string();
            outgoing = outgoing.with_group(key).with_deduplication_id(id);
        }
        fixture.queue.try_send(outgoing).unwrap();
    }
}

fn settlements(deliveries: &[Delivery], action: SettleAction) -> Vec<Settlement> {
    deliveries.iter().map(|delivery| Settlement { lease: delivery.lease.clone(), action }).collect()
}

fn lost(results: &[Result<(), SettleError>]) -> usize {
    results.iter().filter(|result| matches!(result, Err(SettleError::LeaseLost(_)))).count()
}

fn transient(results: &[Result<(), SettleError>]) -> usize {
    results.iter().filter(|result| matches!(result, Err(SettleError::Transient(_)))).count()
}

#[tokio::test]
async fn a_queue_is_described_as_it_is_set_up() {
    let settings = QueueSettings::fifo().visibility_timeout(Duration::from_secs(77));
    let fixture = Fixture::new("orders.fifo", settings).await;
    let info = fixture.source().describe().await.unwrap();
    assert_eq!((info.name.as_str(), info.ordered, info.max_batch), ("orders.fifo", true, 10));
    assert_eq!(info.lease, Some(Duration::from_secs(77)));
    let redrive = info.redrive.unwrap();
    assert_eq!((redrive.max_receive_count, redrive.destination.name()), (1000, "orders-dead.fifo"));
}

#[tokio::test]
async fn a_queue_that_is_not_there_or_has_no_lease_is_refused_at_start_up() {
    let fixture = Fixture::new("orders", QueueSettings::new().visibility_timeout(Duration::ZERO)).await;
    assert_eq!(fixture.source().describe().await.unwrap_err().kind(), SourceErrorKind::Refused);
    let own = SourceSettings { visibility_timeout: Some(Duration::from_secs(9)) };
    let source = SqsSource::new(fixture.endpoint.client(), fixture.url(), own);
    assert_eq!(source.describe().await.unwrap().lease, Some(Duration::from_secs(9)));
    let url = fixture.endpoint.queue_url("nowhere");
    let source = SqsSource::new(fixture.endpoint.client(), url, SourceSettings::default());
    assert_eq!(source.describe().await.unwrap_err().kind(), SourceErrorKind::NotFound);
}

#[tokio::test]
async fn start_up_survives_a_service_that_hesitates() {
    let fixture = Fixture::standard().await;
    fixture.endpoint.faults().inject(FaultRule::new(Fault::InternalError).times(2));
    fixture.source().describe().await.unwrap();
}

#[tokio::test]
async fn settling_a_mixed_batch_takes_one_call_of_each_kind() {
    let fixture = Fixture::standard().await;
    put(&fixture, 6, 6);
    let source = fixture.source();
    let deliveries = source.receive(10, NO_WAIT).await.unwrap();
    assert_eq!(deliveries.len(), 6);
    assert_eq!(deliveries[0].receive_count, Some(1));
    assert!(deliveries[0].sent_at.is_some() && deliveries[0].first_received_at.is_some());
    fixture.endpoint.forget_calls();
    let mut batch = settlements(&deliveries[..3], SettleAction::Remove);
    batch.extend(settlements(&deliveries[3..5], SettleAction::Release { after: NO_WAIT }));
    batch.extend(settlements(&deliveries[5..], SettleAction::HandBack { after: Duration::from_secs(9) }));
    batch.reverse();
    let results = source.settle(&batch).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let calls = fixture.endpoint.calls();
    assert_eq!(calls[&Action::DeleteMessageBatch], 1);
    assert_eq!(calls[&Action::ChangeMessageVisibilityBatch], 1);
    let counts = fixture.queue.counts().unwrap();
    assert_eq!((counts.visible, counts.in_flight), (2, 1));
}

#[tokio::test]
async fn more_than_a_call_takes_is_split() {
    let fixture = Fixture::standard().await;
    put(&fixture, 23, 23);
    let source = fixture.source();
    let mut deliveries = Vec::new();
    while deliveries.len() < 23 {
        deliveries.extend(source.receive(10, NO_WAIT).await.unwrap());
    }
    let leases: Vec<_> = deliveries.iter().map(|delivery| delivery.lease.clone()).collect();
    let extended = source.extend(&leases, Duration::from_secs(60)).await;
    assert!(extended.len() == 23 && extended.iter().all(Result::is_ok));
    let results = source.settle(&settlements(&deliveries, SettleAction::Remove)).await;
    assert!(results.len() == 23 && results.iter().all(Result::is_ok));
    assert_eq!(fixture.endpoint.calls()[&Action::DeleteMessageBatch], 3);
}

#[tokio::test]
async fn what_the_service_did_not_take_or_mention_is_to_be_settled_again() {
    for fault in [Fault::PartialFailure, Fault::MissingEntries] {
        let fixture = Fixture::standard().await;
        put(&fixture, 10, 10);
        let source = fixture.source();
        let deliveries = source.receive(10, NO_WAIT).await.unwrap();
        fixture.endpoint.faults().inject(FaultRule::new(fault).times(1));
        let batch = settlements(&deliveries, SettleAction::Remove);
        let results = source.settle(&batch).await;
        assert!((1..=10).contains(&transient(&results)), "{fault:?}: {results:?}");
        assert_eq!(lost(&results), 0);
        // Deleting again what was deleted is no failure.
        assert!(source.settle(&batch).await.iter().all(Result::is_ok));
        assert_eq!(fixture.queue.counts().unwrap().in_flight, 0);
    }
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_loses_no_lease() {
    for fault in [Fault::Throttle, Fault::InternalError, Fault::Reset, Fault::LostAnswer] {
        let fixture = Fixture::standard().await;
        put(&fixture, 2, 2);
        let source = fixture.source();
        let deliveries = source.receive(10, NO_WAIT).await.unwrap();
        fixture.endpoint.faults().inject(FaultRule::new(fault));
        let results = source.settle(&settlements(&deliveries, SettleAction::Remove)).await;
        assert_eq!(transient(&results), 2, "{fault:?}: {results:?}");
    }
}

#[tokio::test]
async fn an_expired_handle_of_a_fifo_queue_is_a_lost_lease() {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let broker = Broker::builder().clock(clock.clock()).build();
    let queue = broker.create_queue("orders.fifo", QueueSettings::fifo()).unwrap();
    queue.try_send(OutgoingMessage::new("{}").with_group("g").with_deduplication_id("d")).unwrap();
    let endpoint = LocalEndpoint::start_with(broker, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = endpoint.queue_url("orders.fifo");
    let source = SqsSource::new(endpoint.client(), url, SourceSettings::default());
    let deliveries = source.receive(1, NO_WAIT).await.unwrap();
    clock.advance(Duration::from_secs(31));
    assert_eq!(lost(&source.settle(&settlements(&deliveries, SettleAction::Remove)).await), 1);
    let leases: Vec<_> = deliveries.iter().map(|delivery| delivery.lease.clone()).collect();
    assert_eq!(lost(&source.extend(&leases, Duration::from_secs(30)).await), 1);
}

#[tokio::test]
async fn a_receive_whose_answer_was_lost_is_repeated_on_a_fifo_queue() {
    let fixture = Fixture::fifo().await;
    put(&fixture, 5, 1);
    let source = fixture.source();
    let fault = FaultRule::new(Fault::LostAnswer).action(Action::ReceiveMessage).times(1);
    fixture.endpoint.faults().inject(fault);
    assert!(source.receive(10, NO_WAIT).await.unwrap_err().is_retryable());
    assert_eq!(fixture.queue.counts().unwrap().in_flight, 5, "the group would be blocked");
    let again = source.receive(10, NO_WAIT).await.unwrap();
    assert_eq!(again.len(), 5);
    let results = source.settle(&settlements(&again, SettleAction::Remove)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test]
async fn failures_of_a_receive_say_whether_trying_again_helps() {
    let fixture = Fixture::standard().await;
    let source = fixture.source();
    for (fault, kind) in [
        (Fault::Throttle, SourceErrorKind::Throttled),
        (Fault::InternalError, SourceErrorKind::Unavailable),
        (Fault::Reset, SourceErrorKind::Unavailable),
    ] {
        fixture.endpoint.faults().inject(FaultRule::new(fault).times(1));
        assert_eq!(source.receive(1, NO_WAIT).await.unwrap_err().kind(), kind, "{fault:?}");
    }
    fixture.endpoint.broker().delete_queue("orders").unwrap();
    let gone = source.receive(1, NO_WAIT).await.unwrap_err();
    assert_eq!((gone.kind(), gone.is_retryable()), (SourceErrorKind::NotFound, false));
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_unavailable_after_the_clients_timeout() {
    let fixture = Fixture::standard().await;
    fixture.endpoint.faults().inject(FaultRule::new(Fault::NoAnswer));
    let timeout = aws_sdk_sqs::config::timeout::TimeoutConfig::builder()
        .operation_timeout(Duration::from_millis(50))
        .build();
    let config = fixture.endpoint.client().config().to_builder().timeout_config(timeout).build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let source = SqsSource::new(client, fixture.url(), SourceSettings::default());
    let error = source.receive(1, NO_WAIT).await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Unavailable);
}

#[tokio::test]
async fn missing_credentials_are_no_passing_failure() {
    let fixture = Fixture::standard().await;
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_sqs::config::Region::new("us-east-1"))
        .endpoint_url(fixture.endpoint.url())
        .http_client(event_transport_sqs::https_client())
        .credentials_provider(NoCredentials)
        .build();
    let source =
        SqsSource::new(aws_sdk_sqs::Client::from_conf(config), fixture.url(), SourceSettings::default());
    let error = source.receive(1, NO_WAIT).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (SourceErrorKind::Unauthorized, false), "{error:?}");
}

#[tokio::test]
async fn clients_from_configuration_speak_tls() {
    /// What the first byte of a TLS connection says: a handshake.
    const HANDSHAKE: u8 = 22;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let configuration = SqsClientConfiguration {
        region: Some("eu-central-1".into()),
        endpoint_url: Some(url.clone()),
        access_key_id: Some("local".into()),
        secret_access_key: Some("local".into()),
        ..SqsClientConfiguration::default()
    };
    let source =
        SqsSource::new(configuration.client().await, format!("{url}/1/orders"), SourceSettings::default());
    let greet = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.read_u8().await.unwrap()
    };
    let (answer, first) = soon(async { tokio::join!(source.receive(1, NO_WAIT), greet) }).await;
    assert_eq!(first, HANDSHAKE);
    assert_eq!(answer.unwrap_err().kind(), SourceErrorKind::Unavailable);
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("none anywhere")))
    }
}
