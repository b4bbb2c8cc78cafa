//! A configuration, or one section of it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::environment::Environment;
use crate::config::error::{ConfigError, ConfigProblem, ConfigProblemKind as Kind};
use crate::config::interpolate::{join_index, join_key, resolve};
use crate::config::node::Node;
use crate::config::order::Order;
use crate::config::read::read;
use crate::nearest::nearest;

/// A configuration with its environment variables filled in, or one section of it; reading turns it into types.
///
/// Mistakes in placeholders, and keys that stand twice, are reported by the first reading, together with what that
/// finds itself, so that one run shows them all.
///
/// ```
/// use std::collections::BTreeMap;
/// use event_runtime::config::{Config, ConfigProblemKind};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Server {
///     host: String,
///     port: u16,
/// }
///
/// let environment = BTreeMap::from([("PORT".to_owned(), "8080".to_owned())]);
/// let text = r#"{ "host": "${env.HOST:-localhost}", "port": "${env.PORT}" }"#;
/// let server: Server = Config::from_str(text, &environment)?.read()?;
/// assert_eq!((server.host.as_str(), server.port), ("localhost", 8080));
///
/// let error = Config::from_str(r#"{ "hots": "a", "port": "${env.NONE}" }"#, &environment)?.read::<Server>();
/// let kinds: Vec<_> = error.unwrap_err().problems().iter().map(|problem| problem.kind()).collect();
/// use ConfigProblemKind::{MissingKey, MissingVariable, UnknownKey};
/// assert_eq!(kinds, [UnknownKey, MissingVariable, MissingKey]);
/// # Ok::<(), event_runtime::config::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Config {
    document: Arc<Document>,
    node: Node,
    path: String,
}

/// What all sections of a configuration share.
struct Document {
    /// The file's name, for reports.
    origin: String,
    /// What was wrong before anything was read.
    problems: Vec<ConfigProblem>,
    /// The place of every path in the file.
    order: Order,
}

impl Config {
    /// Reads a JSON file.
    ///
    /// # Errors
    /// [`ConfigProblemKind::Unreadable`](Kind::Unreadable), and those of [`Config::from_str`].
    pub fn from_path(path: impl AsRef<Path>, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let origin = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&origin, &text, environment),
            Err(error) => {
                let problem =
                    ConfigProblem::new(Kind::Unreadable, "", format!("the file cannot be read: {error}"));
                Err(ConfigError::new(&origin, vec![problem]))
            }
        }
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// [`ConfigProblemKind::Syntax`](Kind::Syntax); mistakes in values are reported when they are read.
    pub fn from_str(text: &str, environment: &dyn Environment) -> Result<Self, ConfigError> {
        Self::parse("the configuration", text, environment)
    }

    /// Takes a value that was read already, for instance from TOML or YAML.
    pub fn from_value(value: Value, environment: &dyn Environment) -> Self {
        Self::new("the configuration", Node::from(value), environment)
    }

    fn parse(origin: &str, text: &str, environment: &dyn Environment) -> Result<Self, ConfigError> {
        // Editors on Windows put a byte order mark first.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if text.trim().is_empty() {
            let text = "empty; a configuration is a JSON object, `{}` at the least";
            return Err(ConfigError::new(origin, vec![ConfigProblem::new(Kind::Syntax, "", text)]));
        }
        match serde_json::from_str::<Node>(text) {
            Ok(node) => Ok(Self::new(origin, node, environment)),
            Err(error) => {
                // The parser's own text may quote the file.
                let text = format!("not JSON from line {} column {} on", error.line(), error.column());
                Err(ConfigError::new(origin, vec![ConfigProblem::new(Kind::Syntax, "", text)]))
            }
        }
    }

    fn new(origin: &str, mut node: Node, environment: &dyn Environment) -> Self {
        let order = Order::of(&node);
        let mut problems = Vec::new();
        resolve(&mut node, "", environment, &mut problems);
        let document = Arc::new(Document { origin: origin.into(), problems, order });
        Self { document, node, path: String::new() }
    }

    /// Where this section stands, keys joined by dots; empty for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reads this section as a `T`.
    ///
    /// A struct's unknown keys are mistakes, whether or not it denies them.
    ///
    /// # Errors
    /// Every mistake that can be seen at once, by its path.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let own = read(&self.node, &self.path);
        match own {
            Ok(value) if self.document.problems.is_empty() => Ok(value),
            own => {
                let earlier = self.document.problems.iter().cloned();
                Err(self.report(earlier.chain(own.err().unwrap_or_default()).collect()))
            }
        }
    }

    /// This section as a `T`, where nothing is wrong with it, whatever is wrong with the rest of the file.
    pub(super) fn read_apart<T: DeserializeOwned>(&self) -> Option<T> {
        if self.node.is_tainted() { None } else { read(&self.node, &self.path).ok() }
    }

    /// The text under `key`, where it is one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.node.get(key)? {
            Node::Text(text) | Node::Environment { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The keys of this section, in their order; none where it is no object.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = if let Node::Map(entries) = &self.node { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, _)| key.as_str())
    }

    /// The section under `key`, where it is there.
    pub fn section(&self, key: &str) -> Option<Self> {
        self.node.get(key).map(|node| self.below(join_key(&self.path, key), node.clone()))
    }

    /// The section under `key`, or an empty object.
    pub fn section_or_empty(&self, key: &str) -> Self {
        let empty = || self.below(join_key(&self.path, key), Node::Map(Vec::new()));
        self.section(key).unwrap_or_else(empty)
    }

    /// The section under `key`.
    ///
    /// # Errors
    /// [`ConfigProblemKind::MissingKey`](Kind::MissingKey) where it is not there.
    pub fn require(&self, key: &str) -> Result<Self, ConfigError> {
        self.section(key).ok_or_else(|| {
            let nearest = nearest(key, self.keys()).map(|near| format!("; is `{near}` meant to be it?"));
            let text = format!("the key is missing{}", nearest.unwrap_or_default());
            self.report(vec![ConfigProblem::new(Kind::MissingKey, join_key(&self.path, key), text)])
        })
    }

    /// The elements of this section, each a section of its own.
    ///
    /// # Errors
    /// [`ConfigProblemKind::WrongType`](Kind::WrongType) where it is no list.
    pub fn elements(&self) -> Result<Vec<Self>, ConfigError> {
        let Node::List(nodes) = &self.node else {
            let text = format!("{} where a list belongs", self.node.description());
            return Err(self.report(vec![ConfigProblem::new(Kind::WrongType, &*self.path, text)]));
        };
        let elements = nodes.iter().enumerate();
        Ok(elements.map(|(index, node)| self.below(join_index(&self.path, index), node.clone())).collect())
    }

    /// Checks that this section is an object and has no keys but `known`.
    ///
    /// # Errors
    /// [`ConfigProblemKind::UnknownKey`](Kind::UnknownKey) for each of the others,
    /// [`ConfigProblemKind::WrongType`](Kind::WrongType) where it is no object.
    pub fn check_keys(&self, known: &[&str]) -> Result<(), ConfigError> {
        self.check_object()?;
        let unknown = self.keys().filter(|key| !known.contains(key));
        let problems: Vec<_> = unknown
            .map(|key| {
                let text = format!("unknown key; known are `{}`", known.join("`, `"));
                let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
                ConfigProblem::new(Kind::UnknownKey, join_key(&self.path, key), text).with_nearest(nearest)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(self.report(problems)) }
    }

    pub(super) fn check_object(&self) -> Result<(), ConfigError> {
        if matches!(self.node, Node::Map(_) | Node::Wild) {
            return Ok(());
        }
        let text = format!("{} where an object belongs", self.node.description());
        Err(self.report(vec![ConfigProblem::new(Kind::WrongType, &*self.path, text)]))
    }

    /// An error about the value under `key`, or about this section where `key` is empty; for the checks of a
    /// section's own reader. Quote no value in `text`.
    pub fn invalid(&self, key: &str, text: impl Into<String>) -> ConfigError {
        let path = if key.is_empty() { self.path.clone() } else { join_key(&self.path, key) };
        self.report(vec![ConfigProblem::new(Kind::Invalid, path, text)])
    }

    /// What was wrong before anything was read: placeholders, variables, keys that stand twice.
    ///
    /// # Errors
    /// Where there is something. [`Config::read`] reports it too.
    pub fn check(&self) -> Result<(), ConfigError> {
        let problems = &self.document.problems;
        if problems.is_empty() { Ok(()) } else { Err(self.report(problems.clone())) }
    }

    fn below(&self, path: String, node: Node) -> Self {
        Self { document: self.document.clone(), node, path }
    }

    pub(super) fn report(&self, problems: Vec<ConfigProblem>) -> ConfigError {
        let order = &self.document.order;
        let ranked = problems.into_iter().map(|problem| {
            let rank = order.rank(problem.path());
            problem.with_rank(rank)
        });
        ConfigError::new(&self.document.origin, ranked.collect())
    }
}

/// Prints the place and the keys; never a value.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("origin", &self.document.origin)
            .field("path", &self.path)
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
