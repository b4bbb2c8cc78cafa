//! Why bundles were not built: the mistakes of the configuration, of the routing and of the transports, together.

use std::error::Error;
use std::fmt;

use crate::config::ConfigError;
use crate::error::with_causes;
use crate::pool::PoolError;

/// Why one bundle, or several, were not built: everything that start-up found.
///
/// It displays every mistake on a line of its own, and so does `Debug`, which is what a `main` prints that returns it.
pub struct BundleError {
    config: Option<ConfigError>,
    pools: Vec<PoolError>,
    routes: Vec<String>,
    transports: Vec<TransportFailure>,
}

#[derive(Debug)]
struct TransportFailure {
    text: String,
    source: Box<dyn Error + Send + Sync>,
}

/// What kind of failure a [`BundleError`] is; the first of these where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BundleErrorKind {
    /// The configuration is wrong; [`BundleError::config`].
    Config,
    /// A pool cannot start; [`BundleError::pool`].
    Pool,
    /// The handlers of a router overlap; [`BundleError::routes`].
    Routes,
    /// A transport could not be set up.
    Transport,
}

impl BundleError {
    /// A transport's own failure, with one line for people.
    pub fn transport(text: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let failure = TransportFailure { text: text.into(), source: source.into() };
        Self { transports: vec![failure], ..Self::empty() }
    }

    /// The overlaps of a router; `None` where there are none.
    pub(super) fn from_routes(problems: Vec<String>) -> Option<Self> {
        (!problems.is_empty()).then(|| Self { routes: problems, ..Self::empty() })
    }

    fn empty() -> Self {
        Self { config: None, pools: Vec::new(), routes: Vec::new(), transports: Vec::new() }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> BundleErrorKind {
        if self.config.is_some() {
            BundleErrorKind::Config
        } else if !self.pools.is_empty() {
            BundleErrorKind::Pool
        } else if !self.routes.is_empty() {
            BundleErrorKind::Routes
        } else {
            BundleErrorKind::Transport
        }
    }

    /// The mistakes of the configuration.
    pub fn config(&self) -> Option<&ConfigError> {
        self.config.as_ref()
    }

    /// The mistakes of the first pool's rules.
    pub fn pool(&self) -> Option<&PoolError> {
        self.pools.first()
    }

    /// The mistakes of every pool's rules.
    pub fn pools(&self) -> &[PoolError] {
        &self.pools
    }

    /// What is wrong with the handlers, one line each.
    pub fn routes(&self) -> &[String] {
        &self.routes
    }

    /// Adds another start-up's mistakes; those of the configuration that are in both stand once.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.config = match (self.config, other.config) {
            (Some(own), Some(other)) => Some(own.and(other)),
            (own, other) => own.or(other),
        };
        self.pools.extend(other.pools);
        self.routes.extend(other.routes);
        self.transports.extend(other.transports);
        self
    }

    /// One result of two: both bundles, or the mistakes of both. With it an application reports everything that is
    /// wrong with its set-up in one go:
    ///
    /// ```
    /// use event_runtime::config::{BundleError, Config, ConsumerBundle, ProducerPoolBundle, Transport};
    ///
    /// # async fn start(config: &Config, transport: &dyn Transport) -> Result<(), BundleError> {
    /// let pool = ProducerPoolBundle::from_config(config, [], &[transport]).await;
    /// let consumer = ConsumerBundle::from_config(config, &[transport]).await;
    /// let (pool, consumer) = BundleError::both(pool, consumer)?;
    /// # let _ = (pool, consumer);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where either is one.
    pub fn both<A, B>(
        left: Result<A, impl Into<Self>>,
        right: Result<B, impl Into<Self>>,
    ) -> Result<(A, B), Self> {
        match (left, right) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (Err(left), Err(right)) => Err(left.into().and(right)),
            (Err(error), Ok(_)) => Err(error.into()),
            (Ok(_), Err(error)) => Err(error.into()),
        }
    }

    /// All bundles of a kind, or the mistakes of all.
    ///
    /// # Errors
    /// Where there is one, with the others.
    pub fn all<T>(results: impl IntoIterator<Item = Result<T, impl Into<Self>>>) -> Result<Vec<T>, Self> {
        let mut values = Ok(Vec::new());
        for result in results {
            values = Self::both(values, result).map(|(mut values, value)| {
                values.push(value);
                values
            });
        }
        values
    }

    /// The only failure there is, where it is a transport's.
    fn lone_transport(&self) -> Option<&TransportFailure> {
        match &self.transports[..] {
            [failure] if self.kind() == BundleErrorKind::Transport => Some(failure),
            _ => None,
        }
    }
}

impl From<ConfigError> for BundleError {
    fn from(error: ConfigError) -> Self {
        Self { config: Some(error), ..Self::empty() }
    }
}

impl From<PoolError> for BundleError {
    fn from(error: PoolError) -> Self {
        Self { pools: vec![error], ..Self::empty() }
    }
}

/// Every mistake; the cause of a transport's failure is left to [`Error::source`] where it is the only one.
impl fmt::Display for BundleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = self.lone_transport() {
            return formatter.write_str(&failure.text);
        }
        let mut parts: Vec<String> = self.config.iter().map(ToString::to_string).collect();
        parts.extend(self.pools.iter().map(ToString::to_string));
        if !self.routes.is_empty() {
            parts.push(format!("handlers overlap, problems: {}", self.routes.len()));
            parts.extend(self.routes.iter().map(|problem| format!("  {problem}")));
        }
        for TransportFailure { text, source } in &self.transports {
            let mut part = format!("{text}: {source}");
            let mut cause = source.source();
            while let Some(error) = cause {
                part.push_str(&format!(": {error}"));
                cause = error.source();
            }
            parts.push(part);
        }
        formatter.write_str(&parts.join("\n"))
    }
}

/// Every mistake with its causes.
impl fmt::Debug for BundleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_causes(self, formatter)
    }
}

impl Error for BundleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.lone_transport().map(|failure| &*failure.source as &(dyn Error + 'static))
    }
}
