//! Placeholders: `${env.NAME}`, `${env.NAME:-default}`, and `$${` for a literal `${`.

use crate::config::environment::Environment;
use crate::config::error::{ConfigProblem, ConfigProblemKind as Kind};
use crate::config::node::Node;

/// Replaces every placeholder below `node`, and reports what it can't: each mistake once, by its path. What was
/// reported is replaced by [`Node::Wild`].
pub(super) fn resolve(
    node: &mut Node,
    path: &str,
    environment: &dyn Environment,
    problems: &mut Vec<ConfigProblem>,
) {
    match node {
        Node::Text(text) => match interpolate(text, environment) {
            Ok(resolved) => *node = resolved,
            Err(mistakes) => {
                let reported = mistakes.into_iter().map(|(kind, text)| ConfigProblem::new(kind, path, text));
                problems.extend(reported);
                *node = Node::Wild;
            }
        },
        Node::List(nodes) => {
            for (index, node) in nodes.iter_mut().enumerate() {
                resolve(node, &join_index(path, index), environment, problems);
            }
        }
        Node::Map(entries) => {
            for index in 0..entries.len() {
                let (before, rest) = entries.split_at_mut(index);
                let Some((key, node)) = rest.first_mut() else { break };
                let path = join_key(path, key);
                if before.iter().any(|(earlier, _)| earlier == key) {
                    let text = "the key stands twice in this object; remove one";
                    problems.push(ConfigProblem::new(Kind::DuplicateKey, path, text));
                    *node = Node::Absent;
                } else {
                    resolve(node, &path, environment, problems);
                }
            }
            entries.retain(|(_, node)| !matches!(node, Node::Absent));
        }
        _ => {}
    }
}

/// `path.key`.
pub(super) fn join_key(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

/// `path[index]`.
pub(super) fn join_index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// A piece of a text with placeholders.
enum Piece<'a> {
    Literal(&'a str),
    Variable { name: &'a str, default: Option<&'a str> },
}

type Mistake = (Kind, String);

fn interpolate(text: &str, environment: &dyn Environment) -> Result<Node, Vec<Mistake>> {
    let (pieces, mut mistakes) = parse(text);
    let mut resolved = String::with_capacity(text.len());
    for piece in &pieces {
        match piece {
            Piece::Literal(literal) => resolved.push_str(literal),
            Piece::Variable { name, default } => match lookup(environment, name, *default) {
                Ok(value) => resolved.push_str(&value),
                Err(mistake) => mistakes.push(mistake),
            },
        }
    }
    match pieces[..] {
        _ if !mistakes.is_empty() => Err(mistakes),
        [Piece::Variable { name, .. }] => Ok(Node::Environment { text: resolved, variable: name.to_owned() }),
        _ => Ok(Node::Text(resolved)),
    }
}

fn lookup(environment: &dyn Environment, name: &str, default: Option<&str>) -> Result<String, Mistake> {
    let value = environment.variable(name);
    match (value, default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(default.into()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.into()),
        (None, None) => {
            let remedy = format!("set it, or write `${{env.{name}:-default}}`");
            Err((Kind::MissingVariable, format!("environment variable `{name}` is not set; {remedy}")))
        }
    }
}

/// The pieces of `text`, and what is wrong with it.
fn parse(text: &str) -> (Vec<Piece<'_>>, Vec<Mistake>) {
    let (mut pieces, mut mistakes) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            pieces.extend([Piece::Literal(before), Piece::Literal("${")]);
            rest = &from[2..];
            continue;
        }
        if !before.is_empty() {
            pieces.push(Piece::Literal(before));
        }
        let Some((inside, after)) = from[2..].split_once('}') else {
            let text = "a placeholder is not closed; write `${env.NAME}`, or `$${` for a literal `${`";
            mistakes.push((Kind::Placeholder, text.into()));
            return (pieces, mistakes);
        };
        match placeholder(inside) {
            Ok(piece) => pieces.push(piece),
            Err(text) => mistakes.push((Kind::Placeholder, text)),
        }
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    (pieces, mistakes)
}

fn placeholder(inside: &str) -> Result<Piece<'_>, String> {
    const FORM: &str = "write `${env.NAME}`, `${env.NAME:-default}`, or `$${` for a literal `${`";
    let Some(variable) = inside.strip_prefix("env.") else {
        return Err(format!("a placeholder does not start with `env.`; {FORM}"));
    };
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if !starts_well || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("a placeholder's name is not letters, digits and `_`; {FORM}"));
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err(format!("a placeholder stands inside another one's default; {FORM}"));
    }
    Ok(Piece::Variable { name, default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("localhost".into()),
            "PORT" => Some("80".into()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${env.HOST}".into()),
            _ => None,
        }
    }

    fn text(text: &str) -> String {
        match interpolate(text, &environment) {
            Ok(Node::Text(text)) => text,
            Ok(Node::Environment { text, .. }) => format!("<{text}>"),
            _ => panic!("not resolved: {text}"),
        }
    }

    fn kinds(text: &str) -> Vec<Kind> {
        match interpolate(text, &environment) {
            Err(mistakes) => mistakes.into_iter().map(|(kind, _)| kind).collect(),
            Ok(_) => Vec::new(),
        }
    }

    #[test]
    fn placeholders_are_replaced_wherever_they_stand() {
        assert_eq!(text("${env.PORT}"), "<80>");
        assert_eq!(text("http://${env.HOST}:${env.PORT}/"), "http://localhost:80/");
        assert_eq!(text("${env.HOST}${env.PORT}"), "localhost80");
        assert_eq!(text("plain $ and $$ and {}"), "plain $ and $$ and {}");
    }

    #[test]
    fn a_default_serves_where_the_variable_is_unset_or_empty() {
        assert_eq!(text("${env.NONE:-eu-central-1}"), "<eu-central-1>");
        assert_eq!(text("${env.EMPTY:-x}"), "<x>");
        assert_eq!(text("${env.EMPTY}"), "<>");
        assert_eq!(text("${env.NONE:-}"), "<>");
        assert_eq!(text("${env.PORT:-90}"), "<80>");
        assert_eq!(text("${env.NONE:-a:-b}"), "<a:-b>");
    }

    #[test]
    fn a_doubled_dollar_escapes() {
        assert_eq!(text("$${env.HOST}"), "${env.HOST}");
        assert_eq!(text("$${${env.PORT}}"), "${80}");
        assert_eq!(text("a$${"), "a${");
    }

    #[test]
    fn a_value_is_not_interpolated_again() {
        assert_eq!(text("${env.TRICK}"), "<${env.HOST}>");
    }

    #[test]
    fn every_mistake_of_a_text_is_found() {
        assert_eq!(kinds("${env.A} ${env.B}"), [Kind::MissingVariable, Kind::MissingVariable]);
        assert_eq!(kinds("${HOST} ${env.} ${env.1A} ${env.a-b}"), [Kind::Placeholder; 4]);
        assert_eq!(kinds("${env.HOST"), [Kind::Placeholder]);
        assert_eq!(kinds("${env.A:-${env.HOST}}"), [Kind::Placeholder]);
        assert_eq!(kinds("${}"), [Kind::Placeholder]);
    }
}
