//! The store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyError, IdempotencyErrorKind, IdempotencyStore,
};
use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{RedisError, RetryMethod, Script, ScriptInvocation};

use crate::scripts::Scripts;

/// What Redis can keep as the end of a key.
const CENTURIES: u64 = 10 * 100 * 365 * 24 * 3_600_000;

/// Remembers in Redis which messages are being handled and which were.
///
/// A record is one hash, `<prefix>:<length of the handler's name>:<handler>:<key>`, changed by scripts and ended by its own
/// expiry; times go by the server's clock. Redis 5 or later, and a cluster, as every script touches one key.
///
/// What it promises is as durable as the server: records that a failover or a crash loses let duplicates through, and crashes
/// uncounted. Set `appendonly yes`, and a `maxmemory-policy` that evicts no records (`noeviction`).
///
/// It takes any connection that can be cloned: [`connect`](Self::connect) makes one that reconnects; a cluster's, or one with
/// TLS, is made with the crate `redis` and its features. A clone shares the connection.
///
/// ```no_run
/// use event_runtime::MessageRouter;
/// use event_runtime::layer::Idempotent;
/// use event_store_redis::RedisIdempotencyStore;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisIdempotencyStore::connect("redis://127.0.0.1:6379").await?.with_prefix("shop");
/// let router = MessageRouter::new().layer(Idempotent::new(store, "billing"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisIdempotencyStore<C = ConnectionManager> {
    connection: C,
    prefix: Arc<str>,
    scripts: Arc<Scripts>,
}

impl RedisIdempotencyStore {
    /// A store in the server of this URL, by a connection that is made anew when it breaks.
    ///
    /// # Errors
    /// [`IdempotencyErrorKind::Unexpected`] for a URL that is none or asks for a feature that is off, and
    /// [`IdempotencyErrorKind::Unavailable`] where the server does not answer.
    ///
    /// # Cancel safety
    /// A dropped call leaves no connection behind.
    pub async fn connect(url: &str) -> Result<Self, IdempotencyError> {
        let failed = failed("connect to Redis");
        let client = redis::Client::open(url).map_err(&failed)?;
        Ok(Self::new(client.get_connection_manager().await.map_err(failed)?))
    }
}

impl<C> RedisIdempotencyStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// A store over a connection that the application made.
    pub fn new(connection: C) -> Self {
        Self { connection, prefix: "event-idempotency".into(), scripts: Arc::new(Scripts::new()) }
    }

    /// What its keys begin with; `event-idempotency` unless set.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn invocation<'a>(&self, script: &'a Script, claim: &Claim) -> ScriptInvocation<'a> {
        let Claim { handler, key, token } = claim;
        // The length keeps a handler's end from being read as the key's beginning.
        let mut invocation = script.key(format!("{}:{}:{handler}:{key}", self.prefix, handler.len()));
        invocation.arg(token.to_string());
        invocation
    }

    async fn change(
        &self,
        action: &'static str,
        invocation: &ScriptInvocation<'_>,
    ) -> Result<(), IdempotencyError> {
        let held: bool =
            invocation.invoke_async(&mut self.connection.clone()).await.map_err(failed(action))?;
        if held { Ok(()) } else { Err(IdempotencyError::claim_lost()) }
    }
}

impl<C> IdempotencyStore for RedisIdempotencyStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimOutcome, IdempotencyError> {
        let action = "claim a message in Redis";
        let mut invocation = self.invocation(&self.scripts.claim, &request.claim);
        invocation
            .arg(request.digest.as_bytes().as_slice())
            .arg(request.generation)
            .arg(milliseconds(request.ttl))
            .arg(milliseconds(request.retention));
        let answer: (u8, u64) =
            invocation.invoke_async(&mut self.connection.clone()).await.map_err(failed(action))?;
        match answer {
            (0, abandoned) => {
                Ok(ClaimOutcome::Claimed { abandoned: u32::try_from(abandoned).unwrap_or(u32::MAX) })
            }
            (1, left) => Ok(ClaimOutcome::InProgress { remaining: Duration::from_millis(left) }),
            (2, _) => Ok(ClaimOutcome::Completed),
            (3, _) => Ok(ClaimOutcome::Mismatch),
            (code, _) => Err(IdempotencyError::new(
                IdempotencyErrorKind::Unexpected,
                format!("could not {action}: it answered {code}"),
            )),
        }
    }

    async fn renew(&self, claim: &Claim, ttl: Duration) -> Result<(), IdempotencyError> {
        let mut invocation = self.invocation(&self.scripts.renew, claim);
        self.change("renew a claim in Redis", invocation.arg(milliseconds(ttl))).await
    }

    async fn complete(&self, claim: &Claim, retention: Duration) -> Result<(), IdempotencyError> {
        let mut invocation = self.invocation(&self.scripts.complete, claim);
        self.change("record a message in Redis", invocation.arg(milliseconds(retention))).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), IdempotencyError> {
        self.change("release a claim in Redis", &self.invocation(&self.scripts.release, claim)).await
    }
}

/// Rounded up, so that nothing ends early.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(CENTURIES).min(CENTURIES)
}

fn failed(action: &'static str) -> impl Fn(RedisError) -> IdempotencyError {
    move |error| {
        let kind = match error.retry_method() {
            RetryMethod::NoRetry if !error.is_timeout() && !error.is_io_error() => {
                IdempotencyErrorKind::Unexpected
            }
            _ => IdempotencyErrorKind::Unavailable,
        };
        IdempotencyError::new(kind, format!("could not {action}")).with_source(error)
    }
}

impl<C> fmt::Debug for RedisIdempotencyStore<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RedisIdempotencyStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
