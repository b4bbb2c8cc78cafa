//! What people write who come from other libraries: words that no distance brings near to ours.

use crate::nearest::suggestion;

/// Words, and what is written here instead: a known word, or a whole remedy.
pub(crate) type Habits = &'static [(&'static [&'static str], &'static str)];

/// The keys of `#[event(…)]`.
pub(crate) const KEYS: Habits = &[
    (
        &[
            "ordering_key",
            "order_key",
            "partition_key",
            "routing_key",
            "group_key",
            "key_field",
            "message_group",
            "message_group_id",
            "group_id",
            "partition_by",
            "aggregate_id",
            "id",
        ],
        "key",
    ),
    (&["name", "event_type", "event_name", "payload_type", "kind", "rename", "tag", "ty"], "type"),
    (&["schema_version", "revision", "rev", "v"], "version"),
    (
        &[
            "from",
            "upcast",
            "upcasts",
            "upcaster",
            "previous",
            "prev",
            "older",
            "upgrade_from",
            "migrate_from",
        ],
        "upcast_from",
    ),
    (&["queue", "stream", "destination", "channel", "exchange", "subject"], "topic"),
    (&["namespace", "package", "context", "bounded_context"], "domain"),
    (&["constructor", "ctor", "builder"], "new"),
    (&["compatibility", "compatible"], "compat"),
    (&["schema", "schema_dir", "schemas_dir", "schema_path", "schema_folder"], "schemas"),
    (&["runtime", "crate_path", "krate"], "crate"),
    (
        &["description", "event_description", "desc", "doc", "docs", "about", "summary", "title"],
        "write a doc comment, or `#[event_description = \"…\"]` beside `#[event(…)]`",
    ),
    (&["pack", "message_pack"], "list the event in a pack, `message_pack! { pub MyMessagePack<ThisEvent> }`"),
    (&["validate", "pii"], "it is an attribute of its own, on the field"),
];

/// The rules of `#[validate(…)]`.
pub(crate) const RULES: Habits = &[
    (
        &[
            "len",
            "size",
            "count",
            "min_length",
            "max_length",
            "min_len",
            "max_len",
            "min_items",
            "max_items",
            "chars",
            "char_count",
            "bytes",
        ],
        "length",
    ),
    (
        &[
            "min", "max", "minimum", "maximum", "gt", "gte", "ge", "lt", "lte", "le", "between", "positive",
            "negative",
        ],
        "range",
    ),
    (
        &[
            "regex",
            "re",
            "matches",
            "format",
            "contains",
            "prefix",
            "suffix",
            "starts_with",
            "ends_with",
            "ascii",
            "alphanumeric",
        ],
        "pattern",
    ),
    (
        &["non_empty", "not_empty", "nonempty", "notempty", "not_blank", "non_blank", "presence", "not_null"],
        "required",
    ),
    (&["uri", "link", "http_url"], "url"),
    (&["mail", "e_mail"], "email"),
    (&["guid"], "uuid"),
    (&["ipv4", "ipv6", "ip_addr", "ip_address"], "ip"),
    (&["enum", "in", "values", "choices", "allowed", "any_of", "equals", "eq", "const"], "one_of"),
    (&["each", "every", "all", "items", "elements", "iter", "repeated"], "inner"),
    (&["dive", "deep", "recursive", "recurse", "validate", "struct"], "nested"),
    (&["function", "func", "fn", "with", "predicate", "check", "schema", "cel"], "custom"),
    (&["ignore", "omit", "allow"], "skip"),
    (&["optional", "option", "nullable"], "make the field an `Option`"),
    (&["pii", "secret", "sensitive"], "`#[pii]` is an attribute of its own, beside `#[validate(…)]`"),
];

/// The bounds of `length` and `range`.
pub(crate) const BOUNDS: Habits = &[
    (&["minimum", "least", "at_least", "from", "ge", "gte", "min_length", "min_len"], "min"),
    (&["maximum", "most", "at_most", "to", "le", "lte", "max_length", "max_len"], "max"),
    (&["eq", "equals", "exact", "exactly", "is", "len"], "equal"),
    (
        &["gt", "lt", "exclusive_min", "exclusive_max", "above", "below"],
        "`min` and `max` are inclusive: write the least and the greatest value allowed",
    ),
    (&["message", "code"], "a failure's code is the rule's name: remove it, or use `custom(path)`"),
];

/// What to write instead of an unknown word: what habit means by it, else the nearest known word, else all of them.
pub(crate) fn instead<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    habits: Habits,
) -> String {
    let lower = word.to_lowercase();
    let meant = habits.iter().find(|(words, _)| words.contains(&lower.as_str()));
    match meant {
        Some((_, meant)) if known.clone().into_iter().any(|known| known == *meant) => {
            format!("did you mean `{meant}`?")
        }
        Some((_, remedy)) if remedy.contains(' ') => (*remedy).to_owned(),
        _ => suggestion(word, known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_comes_before_the_nearest_word() {
        assert_eq!(instead("ordering_key", ["key", "type"], KEYS), "did you mean `key`?");
        assert_eq!(instead("Name", ["key", "type"], KEYS), "did you mean `type`?");
        assert_eq!(instead("kye", ["key", "type"], KEYS), "did you mean `key`?");
        assert!(instead("desc", ["key"], KEYS).contains("event_description"));
        assert_eq!(instead("eq", ["min", "max"], BOUNDS), "known are `min`, `max`");
    }

    #[test]
    fn each_habit_is_one_and_means_something() {
        for habits in [KEYS, RULES, BOUNDS] {
            let words: Vec<_> = habits.iter().flat_map(|(words, _)| *words).collect();
            let distinct: std::collections::BTreeSet<_> = words.iter().collect();
            assert_eq!(words.len(), distinct.len());
            assert!(habits.iter().all(|(words, meant)| !words.contains(meant)));
        }
    }
}
