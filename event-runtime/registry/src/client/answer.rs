//! What answers say.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Fetched;
use crate::{RegistryError, RegistryErrorKind as Kind};

/// A refusal as the API writes it.
#[derive(Deserialize)]
struct Refusal {
    error_code: u32,
    #[serde(default)]
    message: String,
}

/// A schema under a subject as the API writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    subject: String,
    version: u32,
    id: u32,
    schema: String,
    schema_type: Option<String>,
}

/// A schema by its id as the API writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ById {
    schema: String,
    schema_type: Option<String>,
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(body).map_err(|error| {
        RegistryError::new(Kind::Unintelligible, "the registry's answer is not what this API answers")
            .with_source(error)
    })
}

pub(super) fn fetched(body: &[u8]) -> Result<Fetched, RegistryError> {
    let Entry { subject, version, id, schema, schema_type } = read(body)?;
    let schema = parse(&schema, schema_type.as_deref())?;
    Ok(Fetched { subject, version, id, schema })
}

pub(super) fn schema(body: &[u8]) -> Result<Value, RegistryError> {
    let ById { schema, schema_type } = read(body)?;
    parse(&schema, schema_type.as_deref())
}

/// The API leaves the type out where it is Avro.
fn parse(schema: &str, schema_type: Option<&str>) -> Result<Value, RegistryError> {
    let schema_type = schema_type.unwrap_or("AVRO");
    if schema_type != "JSON" {
        let text = format!("the schema is of type {schema_type}, not JSON");
        return Err(RegistryError::new(Kind::Unintelligible, text));
    }
    serde_json::from_str(schema).map_err(|error| {
        RegistryError::new(Kind::Unintelligible, "the registry holds a JSON Schema that is not JSON")
            .with_source(error)
    })
}

/// A refusal, by its own code and by the status of the response.
pub(super) fn refused(status: u16, body: &[u8]) -> RegistryError {
    let refusal: Option<Refusal> = serde_json::from_slice(body).ok();
    let code = refusal.as_ref().map_or(u32::from(status), |refusal| refusal.error_code);
    let kind = match (code, status) {
        (40401, _) => Kind::SubjectNotFound,
        (40402, _) => Kind::VersionNotFound,
        (40403, _) => Kind::SchemaNotFound,
        (42201, _) => Kind::InvalidSchema,
        (42202, _) => Kind::InvalidVersion,
        (_, 409) => Kind::Incompatible,
        (_, 401 | 403) => Kind::Unauthorized,
        (_, 408 | 429 | 500..=599) => Kind::Unavailable,
        // A page that does not exist, told by a server that is no registry.
        (_, 404) if refusal.is_none() => Kind::Unintelligible,
        (_, 300..=399) => Kind::Unintelligible,
        _ => Kind::Refused,
    };
    let said = refusal.map(|refusal| refusal.message).filter(|message| !message.is_empty());
    let text = match (kind, said) {
        (Kind::Unauthorized, said) => {
            let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
            format!(
                "the registry refuses the credentials with status {status}{said}; check `username` and `password`, or `token`"
            )
        }
        (Kind::Unintelligible, _) => {
            format!("status {status} is no answer of a schema registry; check `url`, its path included")
        }
        (_, Some(said)) => format!("the registry answers {code}: {said}"),
        (_, None) => format!("the registry answers with status {status}"),
    };
    RegistryError::new(kind, text).with_code(code)
}
