//! A schema document: its places, and where its references lead.

use std::collections::HashMap;

use serde_json::Value;

/// A place in one of the documents: a schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) document: usize,
}

impl<'a> Node<'a> {
    /// The place's identity: two nodes with one key are one schema.
    ///
    /// The two low bits are free for marks.
    pub(super) fn key(self) -> u64 {
        ((std::ptr::from_ref(self.value) as u64) << 4) | ((self.document as u64) << 2)
    }

    /// A keyword's value.
    pub(super) fn keyword(self, name: &str) -> Option<&'a Value> {
        self.value.as_object().and_then(|schema| schema.get(name))
    }

    /// A keyword that holds one schema.
    pub(super) fn schema(self, name: &str) -> Option<Node<'a>> {
        self.keyword(name).map(|value| self.at(value))
    }

    /// A keyword that holds a list of schemas.
    pub(super) fn list(self, name: &str) -> Vec<Node<'a>> {
        self.keyword(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|value| self.at(value))
            .collect()
    }

    /// A keyword that holds schemas by name.
    pub(super) fn named(self, name: &str) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let entries = self.keyword(name).and_then(Value::as_object).into_iter().flatten();
        entries.map(move |(name, value)| (name.as_str(), self.at(value)))
    }

    /// A keyword that holds a count.
    pub(super) fn count(self, name: &str) -> Option<u64> {
        self.keyword(name).and_then(whole_count)
    }

    /// Another place of the same document.
    pub(super) fn at(self, value: &'a Value) -> Node<'a> {
        Node { value, document: self.document }
    }
}

/// A count as JSON Schema writes it: `2` or `2.0`.
pub(super) fn whole_count(value: &Value) -> Option<u64> {
    let float = || value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..9e15).contains(float));
    value.as_u64().or_else(|| float().map(|float| float as u64))
}

/// One document and what its references may lead to.
pub(super) struct Document<'a> {
    root: &'a Value,
    /// Where a pointer leads that the root does not hold: the document that the root is a part of.
    around: Option<&'a Value>,
    anchors: HashMap<&'a str, &'a Value>,
    /// Whether a schema inside has an `$id` of its own, which changes what `#/…` means there.
    has_inner_ids: bool,
    /// Drafts up to 7: everything beside `$ref` is ignored.
    pub(super) ref_stands_alone: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value, around: Option<&'a Value>) -> Self {
        let dialect = root.get("$schema").or_else(|| around.and_then(|around| around.get("$schema")));
        let dialect = dialect.and_then(Value::as_str).unwrap_or_default();
        let mut document = Self {
            root,
            around,
            anchors: HashMap::new(),
            has_inner_ids: false,
            ref_stands_alone: ["draft-03", "draft-04", "draft-06", "draft-07"]
                .iter()
                .any(|d| dialect.contains(d)),
        };
        document.index();
        document
    }

    fn index(&mut self) {
        let mut pending = vec![self.root];
        while let Some(value) = pending.pop() {
            match value {
                Value::Array(items) => pending.extend(items),
                Value::Object(members) => {
                    pending.extend(members.values());
                    let own = |name: &str| members.get(name).and_then(Value::as_str);
                    if let Some(anchor) = own("$anchor") {
                        self.anchors.insert(anchor, value);
                    }
                    let id = own("$id").or_else(|| own("id").filter(|_| self.ref_stands_alone));
                    if let Some(id) = id
                        && !std::ptr::eq(value, self.root)
                    {
                        match id.strip_prefix('#') {
                            Some(anchor) => drop(self.anchors.insert(anchor, value)),
                            None => self.has_inner_ids = true,
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Where a `$ref` leads; `None` where this document does not hold it.
    pub(super) fn resolve(&self, reference: &str) -> Option<&'a Value> {
        let own_id = self.root.get("$id").and_then(Value::as_str).unwrap_or_default();
        let fragment = match reference.split_once('#') {
            Some((base, fragment)) if base.is_empty() || base == own_id.trim_end_matches('#') => fragment,
            None if !own_id.is_empty() && reference == own_id => "",
            _ => return None,
        };
        let fragment = percent_decoded(fragment)?;
        if fragment.is_empty() {
            return (!self.has_inner_ids).then_some(self.root);
        }
        if fragment.starts_with('/') {
            if self.has_inner_ids {
                return None;
            }
            return self
                .root
                .pointer(&fragment)
                .or_else(|| self.around.and_then(|around| around.pointer(&fragment)));
        }
        self.anchors.get(fragment.as_str()).copied()
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_lead_to_pointers_anchors_and_the_root() {
        let root = json!({
            "$id": "https://example.com/a",
            "$defs": { "A b": { "type": "string" }, "B": { "$anchor": "bee", "type": "null" } }
        });
        let document = Document::new(&root, None);
        assert_eq!(document.resolve("#"), Some(&root));
        assert_eq!(document.resolve("#/$defs/A%20b"), Some(&root["$defs"]["A b"]));
        assert_eq!(document.resolve("https://example.com/a#/$defs/B"), Some(&root["$defs"]["B"]));
        assert_eq!(document.resolve("#bee"), Some(&root["$defs"]["B"]));
        assert_eq!(document.resolve("other.json#/$defs/B"), None);
        assert_eq!(document.resolve("#/$defs/C"), None);
    }
}
