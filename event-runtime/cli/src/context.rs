//! What commands share: packs, configuration, backends, output.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_runtime::config::{BundleError, Config, ConfigError, ProcessEnvironment};
use event_runtime::{MessageFactory, Packs};

use crate::backend::{Backend, BackendFactory};
use crate::failure::{Failure, Result, chain};
use crate::output::Output;

pub(crate) struct Context {
    pub(crate) packs: Packs,
    pub(crate) factory: MessageFactory,
    pub(crate) factories: Vec<BackendFactory>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) root: PathBuf,
    pub(crate) out: Output,
}

impl Context {
    /// The configuration that `--config` names.
    pub(crate) fn config(&self) -> Result<Config> {
        let Some(path) = &self.config else {
            let text = "this command needs a configuration: give --config FILE, or set EVENTS_CONFIG";
            return Err(Failure::usage(text));
        };
        read(path)
    }

    /// The configuration, where `--config` names one.
    pub(crate) fn optional_config(&self) -> Result<Option<Config>> {
        self.config.as_deref().map(read).transpose()
    }

    /// Every transport that is built in and can be had with this configuration.
    pub(crate) fn backends(&self, config: &Config) -> Result<Vec<Arc<dyn Backend>>> {
        let mut backends = Vec::new();
        for factory in &self.factories {
            backends.extend(factory(config).map_err(Failure::from)?);
        }
        Ok(backends)
    }

    /// The transport of this name.
    pub(crate) fn backend(&self, config: &Config, name: &str) -> Result<Arc<dyn Backend>> {
        let backends = self.backends(config)?;
        let known: Vec<_> = backends.iter().map(|backend| backend.transport().name().to_owned()).collect();
        backends.into_iter().find(|backend| backend.transport().name() == name).ok_or_else(|| {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::usage(format!(
                "transport `{name}` can't be used here (usable: {known}): build with event-cli's feature `{name}`, and \
                 give the section that it needs"
            ))
        })
    }

    /// The event of a payload type, or the nearest one's name.
    pub(crate) fn unknown_type(&self, payload_type: &str) -> Failure {
        let hint = self.factory.nearest_type(payload_type);
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Failure::usage(format!("no pack lists payload type `{payload_type}`{hint}"))
    }
}

fn read(path: &Path) -> Result<Config> {
    match std::fs::metadata(path) {
        Err(error) => return Err(Failure::file(path, &error)),
        Ok(data) if data.is_dir() => {
            return Err(Failure::usage(format!("{} is a folder; name the file in it", path.display())));
        }
        Ok(_) => {}
    }
    Config::from_path(path, &ProcessEnvironment).map_err(Failure::from)
}

/// A wrong configuration is a bad answer, not a wrong question.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        Self::Failed(chain(&error))
    }
}
