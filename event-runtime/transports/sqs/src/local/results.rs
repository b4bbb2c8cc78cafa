//! The two lists of a batch's answer.

use serde_json::{Map, Value, json};

use crate::local::error::ServiceError;

#[derive(Default)]
pub(crate) struct Results {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Results {
    pub(crate) fn successful(&mut self, id: &str, mut answer: Map<String, Value>) {
        answer.insert("Id".to_owned(), id.into());
        self.successful.push(Value::Object(answer));
    }

    pub(crate) fn failed(&mut self, failure: Value) {
        self.failed.push(failure);
    }

    pub(crate) fn into_json(self) -> Value {
        let mut answer = json!({ "Successful": self.successful });
        if !self.failed.is_empty() {
            answer["Failed"] = self.failed.into();
        }
        answer
    }
}

/// A failed entry with the code that the query protocol has for it, as the service lists it.
pub(crate) fn fail_entry(id: &str, error: &ServiceError) -> Value {
    json!({
        "Id": id,
        "Code": error.code(),
        "Message": error.message(),
        "SenderFault": error.status < 500,
    })
}
