//! Subjects, their versions, and the schemas by id.

use std::collections::BTreeMap;

use event_runtime::schema::compat::{Options, Verdict, compare};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;

#[derive(Debug, Default)]
pub(super) struct Store {
    /// The schema with id 1 is the first.
    schemas: Vec<Schema>,
    /// Subject → the ids of its versions, the first first.
    subjects: BTreeMap<String, Vec<u32>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Schema {
    kind: String,
    text: String,
}

/// A request's body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    schema: String,
    schema_type: Option<String>,
}

impl Store {
    pub(super) fn put(&mut self, subject: &str, kind: &str, text: &str) -> u32 {
        let schema = Schema { kind: kind.to_owned(), text: text.to_owned() };
        let known = self.schemas.iter().position(|known| *known == schema);
        let index = known.unwrap_or_else(|| {
            self.schemas.push(schema);
            self.schemas.len() - 1
        });
        let id = index as u32 + 1;
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        if !versions.contains(&id) {
            versions.push(id);
        }
        id
    }

    pub(super) fn register(&mut self, subject: &str, body: &[u8]) -> Answer {
        let Some(candidate) = candidate(body) else { return Answer::invalid_schema() };
        let newest = self.subjects.get(subject).and_then(|versions| versions.last()).copied();
        let is_known = self.id_of(subject, &candidate).is_some();
        if let Some(newest) = newest.filter(|_| !is_known)
            && let Some(reason) = self.broken(newest, &candidate)
        {
            return Answer::incompatible(&reason);
        }
        Answer::ok(json!({ "id": self.put(subject, "JSON", &candidate.to_string()) }))
    }

    pub(super) fn look_up(&self, subject: &str, body: &[u8]) -> Answer {
        if !self.subjects.contains_key(subject) {
            return Answer::no_subject(subject);
        }
        let Some(candidate) = candidate(body) else { return Answer::invalid_schema() };
        match self.id_of(subject, &candidate) {
            Some(id) => self.entry(subject, id),
            None => Answer::no_schema(),
        }
    }

    pub(super) fn versions(&self, subject: &str) -> Answer {
        match self.subjects.get(subject) {
            Some(versions) => Answer::ok((1..=versions.len()).map(Value::from).collect()),
            None => Answer::no_subject(subject),
        }
    }

    pub(super) fn version(&self, subject: &str, version: &str) -> Answer {
        match self.id_at(subject, version) {
            Ok(id) => self.entry(subject, id),
            Err(answer) => answer,
        }
    }

    pub(super) fn by_id(&self, id: &str) -> Answer {
        let index = id.parse::<usize>().ok().and_then(|id| id.checked_sub(1));
        match index.and_then(|index| self.schemas.get(index)) {
            Some(schema) => Answer::ok(described(schema, json!({}))),
            None => Answer::no_schema(),
        }
    }

    pub(super) fn check(&self, subject: &str, version: Option<&str>, body: &[u8], verbose: bool) -> Answer {
        let id = match version {
            Some(version) => match self.id_at(subject, version) {
                Ok(id) => Some(id),
                Err(answer) => return answer,
            },
            None => self.subjects.get(subject).and_then(|versions| versions.last()).copied(),
        };
        let Some(candidate) = candidate(body) else { return Answer::invalid_schema() };
        let reason = id.and_then(|id| self.broken(id, &candidate));
        let mut answer = json!({ "is_compatible": reason.is_none() });
        if verbose {
            answer["messages"] = reason.into_iter().collect();
        }
        Answer::ok(answer)
    }

    /// What a candidate breaks that code with it would have to read.
    fn broken(&self, id: u32, candidate: &Value) -> Option<String> {
        let old: Value = serde_json::from_str(&self.schemas.get(id as usize - 1)?.text).ok()?;
        match compare(&old, candidate, &Options::default()).backward {
            Verdict::Compatible => None,
            Verdict::Breaking { counterexample } => Some(format!("{counterexample} is refused")),
            _ => Some("can't tell".to_owned()),
        }
    }

    fn id_of(&self, subject: &str, candidate: &Value) -> Option<u32> {
        let text = candidate.to_string();
        let versions = self.subjects.get(subject)?;
        versions
            .iter()
            .copied()
            .find(|id| self.schemas.get(*id as usize - 1).is_some_and(|one| one.text == text))
    }

    fn id_at(&self, subject: &str, version: &str) -> Result<u32, Answer> {
        let versions = self.subjects.get(subject).ok_or_else(|| Answer::no_subject(subject))?;
        let index = match version {
            "latest" => versions.len().checked_sub(1),
            number => match number.parse::<usize>() {
                Ok(number) if number >= 1 => Some(number - 1),
                _ => return Err(Answer::invalid_version(version)),
            },
        };
        index.and_then(|index| versions.get(index)).copied().ok_or_else(|| Answer::no_version(version))
    }

    fn entry(&self, subject: &str, id: u32) -> Answer {
        let versions = self.subjects.get(subject).map(Vec::as_slice).unwrap_or_default();
        let version = versions.iter().position(|known| *known == id).map_or(1, |index| index + 1);
        match self.schemas.get(id as usize - 1) {
            Some(schema) => {
                Answer::ok(described(schema, json!({ "subject": subject, "version": version, "id": id })))
            }
            None => Answer::no_schema(),
        }
    }
}

/// The API leaves the type out where it is Avro.
fn described(schema: &Schema, mut answer: Value) -> Value {
    answer["schema"] = schema.text.as_str().into();
    if schema.kind != "AVRO" {
        answer["schemaType"] = schema.kind.as_str().into();
    }
    answer
}

/// The schema of a request, where it is a JSON Schema.
fn candidate(body: &[u8]) -> Option<Value> {
    let candidate: Candidate = serde_json::from_slice(body).ok()?;
    let schema: Value = serde_json::from_str(&candidate.schema).ok()?;
    (candidate.schema_type.as_deref() == Some("JSON") && (schema.is_object() || schema.is_boolean()))
        .then_some(schema)
}
