//! JSON pointers (RFC 6901): of the place where a text failed to parse, and without what must not be printed.

use super::{FieldDescriptor, Rule};

/// What a member name that must not be printed is replaced by.
pub(crate) const HIDDEN: &str = "*";
/// The most characters of one member name that a pointer quotes.
const MAX_SEGMENT: usize = 64;
/// The most levels that a pointer quotes.
const MAX_DEPTH: usize = 32;

/// Adds a segment in front of a pointer.
pub(crate) fn prefix(pointer: &mut String, segment: &str) {
    let escaped = escape(segment);
    pointer.insert_str(0, &escaped);
    pointer.insert(0, '/');
}

/// The segment as it stands in a pointer.
pub(crate) fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// The JSON pointer of the value that holds `line` and `column` (both from 1, columns in bytes, as serde_json
/// counts them). It reads `json` up to there once, without recursion.
pub(crate) fn pointer_at(json: &str, line: usize, column: usize) -> String {
    segments_at(json, line, column).iter().map(Segment::shown).collect()
}

/// [`pointer_at`] without the member names that are personal data: inside a field that is marked, only indices and the
/// names that types declare are shown.
pub(crate) fn redacted_pointer_at(
    json: &str,
    line: usize,
    column: usize,
    fields: &'static [FieldDescriptor],
) -> String {
    redact(&segments_at(json, line, column), fields)
}

/// One step of a pointer.
#[derive(Debug, PartialEq)]
enum Segment {
    Name(String),
    Index(usize),
}

impl Segment {
    fn shown(&self) -> String {
        match self {
            Self::Name(name) => {
                let shown: String = name.chars().take(MAX_SEGMENT).collect();
                format!("/{}", escape(&shown))
            }
            Self::Index(index) => format!("/{index}"),
        }
    }
}

fn segments_at(json: &str, line: usize, column: usize) -> Vec<Segment> {
    let mut stack: Vec<Level<'_>> = Vec::new();
    let text = until(json, line, column);
    let bytes = text.as_bytes();
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let mut next = index + 1;
        match byte {
            b'{' => stack.push(Level::Object { name: None }),
            b'[' => stack.push(Level::Array { index: 0 }),
            b'}' | b']' => drop(stack.pop()),
            b',' => match stack.last_mut() {
                Some(Level::Object { name }) => *name = None,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            b'"' => {
                next = end_of_string(bytes, index);
                if let Some(Level::Object { name: name @ None }) = stack.last_mut() {
                    *name = text.get(index..next);
                }
            }
            _ => {}
        }
        index = next;
    }
    stack.iter().take(MAX_DEPTH).filter_map(Level::segment).collect()
}

/// A container that is open at the place.
enum Level<'a> {
    /// An object and the quoted name of the member that is being read.
    Object {
        name: Option<&'a str>,
    },
    Array {
        index: usize,
    },
}

impl Level<'_> {
    fn segment(&self) -> Option<Segment> {
        match self {
            Self::Object { name: None } => None,
            Self::Object { name: Some(quoted) } => {
                let name = serde_json::from_str::<String>(quoted).unwrap_or_else(|_| HIDDEN.to_owned());
                Some(Segment::Name(name))
            }
            Self::Array { index } => Some(Segment::Index(*index)),
        }
    }
}

/// The text up to a place; all of it where the place lies beyond its end.
fn until(json: &str, line: usize, column: usize) -> &str {
    let before: usize = json.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut end = before.saturating_add(column).min(json.len());
    while !json.is_char_boundary(end) {
        end -= 1;
    }
    json.get(..end).unwrap_or(json)
}

/// The index after the closing quote of the string that opens at `start`, or the end of the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut index = start + 1;
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'"' => return index + 1,
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
    bytes.len()
}

fn redact(segments: &[Segment], fields: &'static [FieldDescriptor]) -> String {
    let mut known = fields;
    let mut hidden = false;
    let mut redacted = String::new();
    for segment in segments {
        let Segment::Name(name) = segment else {
            redacted.push_str(&segment.shown());
            continue;
        };
        match declared(name, known, 0) {
            Some((is_personal, below)) => {
                redacted.push_str(&segment.shown());
                hidden |= is_personal;
                known = below;
            }
            None => {
                // What no field declares belongs to a flattened map, if there is one.
                hidden |= known.iter().any(|field| field.is_flat() && field.pii.is_some());
                redacted.push_str(&if hidden { format!("/{HIDDEN}") } else { segment.shown() });
            }
        }
    }
    redacted
}

/// Whether the field of that name is personal, and the fields below it; `None` where no field has the name.
fn declared(
    name: &str,
    fields: &'static [FieldDescriptor],
    depth: usize,
) -> Option<(bool, &'static [FieldDescriptor])> {
    let own = fields.iter().find(|field| !field.is_flat() && field.name == name);
    if let Some(field) = own {
        return Some((field.pii.is_some(), nested(field.rules).unwrap_or_default()));
    }
    let flat = fields.iter().filter(|field| field.is_flat() && depth < MAX_DEPTH);
    flat.filter_map(|field| {
        let (is_personal, below) = declared(name, nested(field.rules)?, depth + 1)?;
        Some((is_personal || field.pii.is_some(), below))
    })
    .next()
}

/// The fields of the type that `rules` descend into.
fn nested(rules: &'static [Rule]) -> Option<&'static [FieldDescriptor]> {
    rules.iter().find_map(|rule| match rule {
        Rule::Nested(fields) => Some(fields()),
        Rule::Inner(inner) => nested(inner),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        #[serde(default)]
        items: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        amount: u32,
    }

    fn pointer(json: &str) -> String {
        let error = serde_json::from_str::<Outer>(json).unwrap_err();
        pointer_at(json, error.line(), error.column())
    }

    #[test]
    fn a_wrong_value_is_named() {
        assert_eq!(pointer(r#"{"name":1}"#), "/name");
        assert_eq!(pointer(r#"{"name":"n","items":[{"amount":1},{"amount":"x"}]}"#), "/items/1/amount");
        assert_eq!(
            pointer("{\n  \"name\": \"n\",\n  \"items\": [\n    {\"amount\": -1}\n  ]\n}"),
            "/items/0/amount"
        );
        assert_eq!(pointer(r#"{"name":"größe","items":["ü"]}"#), "/items/0");
    }

    #[test]
    fn a_missing_member_names_its_object() {
        assert_eq!(pointer(r#"{"name":"n","items":[{"amount":1},{}]}"#), "/items/1");
        assert_eq!(pointer(r#"{"items":[]}"#), "");
    }

    #[test]
    fn a_text_that_ends_early_names_what_was_open() {
        assert_eq!(pointer(r#"{"name":"n","items":[{"amount":1},{"amo"#), "/items/1/*");
        assert_eq!(pointer(r#"{"name":"n\"#), "/name");
        assert_eq!(pointer(""), "");
    }

    #[test]
    fn names_are_escaped_and_cut() {
        assert_eq!(pointer_at(r#"{"a/b~c":[tru"#, 1, 14), "/a~1b~0c/0");
        assert_eq!(pointer_at(r#"{"a\"b":tru"#, 1, 12), "/a\"b");
        let long = format!(r#"{{"{}":x"#, "n".repeat(500));
        assert_eq!(pointer_at(&long, 1, long.len()).len(), MAX_SEGMENT + 1);
    }

    #[test]
    fn a_deep_text_costs_no_stack() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(pointer_at(&deep, 1, deep.len()), "/0".repeat(MAX_DEPTH));
        let closed = "[[]]]]}}".repeat(1000);
        assert_eq!(pointer_at(&closed, 1, closed.len()), "");
    }

    fn redacted(path: &str, fields: &'static [FieldDescriptor]) -> String {
        let segment = |text: &str| match text.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Name(text.trim_matches('\'').to_owned()),
        };
        redact(&path.split('/').skip(1).map(segment).collect::<Vec<_>>(), fields)
    }

    #[test]
    fn names_inside_personal_data_are_hidden() {
        static FIELDS: &[FieldDescriptor] = &[
            FieldDescriptor::new("contacts", "Contacts", "").pii(super::super::Pii::Personal),
            FieldDescriptor::new("labels", "Labels", ""),
        ];
        assert_eq!(redacted("/contacts/ann@example.com/0/x", FIELDS), "/contacts/*/0/*");
        assert_eq!(redacted("/contacts/'4915112345'/x", FIELDS), "/contacts/*/*");
        assert_eq!(redacted("/labels/red", FIELDS), "/labels/red");
        assert_eq!(redacted("", FIELDS), "");
    }

    #[test]
    fn declared_names_inside_personal_data_are_shown() {
        static PERSON: &[FieldDescriptor] =
            &[FieldDescriptor::new("mail", "String", ""), FieldDescriptor::new("phones", "Phones", "")];
        static FIELDS: &[FieldDescriptor] = &[
            FieldDescriptor::new("people", "BTreeMap<String, Person>", "")
                .rules(&[Rule::Nested(|| PERSON)])
                .pii(super::super::Pii::Personal),
            FieldDescriptor::new("", "Person", "").rules(&[Rule::Nested(|| PERSON)]),
        ];
        assert_eq!(redacted("/people/Ann/mail", FIELDS), "/people/*/mail");
        assert_eq!(redacted("/people/Ann/phones/'0151'", FIELDS), "/people/*/phones/*");
        assert_eq!(redacted("/mail/x", FIELDS), "/mail/x");
    }

    #[test]
    fn names_of_flattened_personal_data_are_hidden() {
        static FIELDS: &[FieldDescriptor] = &[
            FieldDescriptor::new("id", "String", ""),
            FieldDescriptor::new("", "BTreeMap<String, u32>", "").pii(super::super::Pii::Personal),
        ];
        assert_eq!(redacted("/ann@example.com", FIELDS), "/*");
        assert_eq!(redacted("/id", FIELDS), "/id");
    }
}
