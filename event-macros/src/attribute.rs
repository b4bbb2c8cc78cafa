//! The syntax of attributes: `name`, `name = value`, `name(…)`, separated by commas. It knows no names.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parse;
use syn::{Attribute, LitStr, Meta};

use crate::diagnostics::Diagnostics;

/// One argument of an attribute.
#[derive(Clone)]
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) given: Given,
}

/// What an argument gives.
#[derive(Clone)]
pub(crate) enum Given {
    /// `name`
    Nothing,
    /// `name = value`
    Value(TokenStream),
    /// `name(…)`
    List(Group),
}

impl Argument {
    /// The argument's name without `r#`.
    pub(crate) fn word(&self) -> String {
        let name = self.name.to_string();
        name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
    }

    /// The value as a `T`; `form` says what to write.
    pub(crate) fn value<T: Parse>(&self, form: &str, errors: &mut Diagnostics) -> Option<T> {
        match &self.given {
            Given::Value(tokens) => match syn::parse2(tokens.clone()) {
                Ok(value) => Some(value),
                Err(_) => {
                    errors.on(tokens, format!("write {form}"));
                    None
                }
            },
            Given::Nothing => {
                errors.on(&self.name, format!("`{}` needs a value: write {form}", self.word()));
                None
            }
            Given::List(group) => {
                errors.on(group, format!("`{}` takes a value, no list: write {form}", self.word()));
                None
            }
        }
    }

    /// The list's tokens; `form` says what to write.
    pub(crate) fn list(&self, form: &str, errors: &mut Diagnostics) -> Option<&Group> {
        match &self.given {
            Given::List(group) => Some(group),
            Given::Nothing => {
                errors.on(&self.name, format!("`{}` needs its arguments: write {form}", self.word()));
                None
            }
            Given::Value(tokens) => {
                errors.on(tokens, format!("`{}` takes a list, no value: write {form}", self.word()));
                None
            }
        }
    }

    /// Whether the argument stands alone, as it must.
    pub(crate) fn alone(&self, errors: &mut Diagnostics) -> bool {
        let tokens = match &self.given {
            Given::Nothing => return true,
            Given::Value(tokens) => tokens.clone(),
            Given::List(group) => group.to_token_stream(),
        };
        errors.on(tokens, format!("`{0}` takes nothing: write `{0}`", self.word()));
        false
    }
}

impl ToTokens for Argument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.given {
            Given::Nothing => {}
            Given::Value(value) => value.to_tokens(tokens),
            Given::List(group) => group.to_tokens(tokens),
        }
    }
}

/// The arguments of every `#[name(…)]` among `attributes`; `form` says how one is written.
pub(crate) fn arguments(
    attributes: &[Attribute],
    name: &str,
    form: &str,
    errors: &mut Diagnostics,
) -> Vec<Argument> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        match &attribute.meta {
            Meta::List(list) if list.tokens.is_empty() => {
                errors.on(attribute, format!("`#[{name}()]` says nothing: write {form}, or remove it"));
            }
            Meta::List(list) => found.extend(split(list.tokens.clone(), form, errors)),
            _ => errors.on(attribute, format!("`#[{name}]` needs its arguments: write {form}")),
        }
    }
    found
}

/// The arguments in a comma-separated list.
pub(crate) fn split(tokens: TokenStream, form: &str, errors: &mut Diagnostics) -> Vec<Argument> {
    chunks(tokens).into_iter().filter_map(|chunk| argument(chunk, form, errors)).collect()
}

/// The tokens between top-level commas; a trailing comma is none.
pub(crate) fn chunks(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut chunks = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => match chunks.last() {
                Some(last) if last.is_empty() => chunks.push(vec![token]),
                _ => chunks.push(Vec::new()),
            },
            _ => {
                if let Some(last) = chunks.last_mut() {
                    last.push(token);
                }
            }
        }
    }
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

fn argument(chunk: Vec<TokenTree>, form: &str, errors: &mut Diagnostics) -> Option<Argument> {
    let mut rest = chunk.into_iter();
    let name = match rest.next()? {
        TokenTree::Ident(name) => name,
        other => {
            errors.on(other, format!("expected a name: write {form}"));
            return None;
        }
    };
    let given = match (rest.next(), rest.next()) {
        (None, _) => Given::Nothing,
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            Given::List(group)
        }
        (Some(TokenTree::Punct(equals)), Some(first)) if equals.as_char() == '=' => {
            Given::Value(std::iter::once(first).chain(rest).collect())
        }
        (Some(TokenTree::Punct(equals)), None) if equals.as_char() == '=' => {
            errors.on(&equals, format!("a value is missing behind `{name} =`: write {form}"));
            return None;
        }
        (Some(unexpected), _) => {
            errors.on(unexpected, format!("expected `,`, `=` or `(` behind `{name}`: write {form}"));
            return None;
        }
    };
    Some(Argument { name, given })
}

/// Reports every argument that was given before, on the later one.
pub(crate) fn report_duplicates(arguments: &[Argument], what: &str, errors: &mut Diagnostics) {
    for (index, argument) in arguments.iter().enumerate() {
        let word = argument.word();
        if arguments.iter().take(index).any(|earlier| earlier.word() == word) {
            errors.on(&argument.name, format!("{what} `{word}` is given twice: remove one"));
        }
    }
}

/// The text of `#[name = "…"]`, where there is one.
pub(crate) fn text(attributes: &[Attribute], name: &str, errors: &mut Diagnostics) -> Option<LitStr> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        let form = format!("`#[{name} = \"…\"]`");
        let text = match &attribute.meta {
            Meta::NameValue(pair) => syn::parse2::<LitStr>(pair.value.to_token_stream()).ok(),
            _ => None,
        };
        match text {
            None => errors.on(attribute, format!("write {form}")),
            Some(text) if text.value().trim().is_empty() => {
                errors.on(text, format!("the description is empty: say it in one sentence, {form}"));
            }
            Some(_) if found.is_some() => {
                errors.on(attribute, format!("`{name}` is given twice: remove one"));
            }
            Some(text) => found = Some(text),
        }
    }
    found
}

/// The doc comment, its lines joined; empty where there is none.
pub(crate) fn doc_comment(attributes: &[Attribute]) -> String {
    let lines: Vec<_> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => syn::parse2::<LitStr>(pair.value.to_token_stream()).ok(),
            _ => None,
        })
        .flat_map(|text| lines(&text.value()))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// The lines of one doc attribute, without the stars that lead the lines of a block comment.
fn lines(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.split('\n').map(str::trim).collect();
    let (_, behind_first) = lines.split_first().unwrap_or((&"", &[]));
    let is_block =
        !behind_first.is_empty() && behind_first.iter().all(|line| line.is_empty() || line.starts_with('*'));
    let unstarred =
        |line: &str| line.strip_prefix('*').filter(|_| is_block).unwrap_or(line).trim().to_owned();
    lines.into_iter().map(unstarred).collect()
}

/// The first paragraph of a doc comment on one line.
pub(crate) fn summary(doc: &str) -> String {
    let first = doc.split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reports an attribute that belongs elsewhere.
pub(crate) fn refuse(attributes: &[Attribute], name: &str, remedy: &str, errors: &mut Diagnostics) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        errors.on(attribute, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(item: &str) -> String {
        doc_comment(&syn::parse_str::<syn::ItemStruct>(item).unwrap().attrs)
    }

    #[test]
    fn doc_comments_are_lines_without_their_marks() {
        assert_eq!(doc("/// One\n/// line\n///\n/// and more\nstruct X;"), "One\nline\n\nand more");
        assert_eq!(doc("/**\n * One\n * line\n *\n * and more\n */\nstruct X;"), "One\nline\n\nand more");
        assert_eq!(doc("/** One */ struct X;"), "One");
        assert_eq!(doc("/**\n One\n * a point\n */ struct X;"), "One\n* a point");
        assert_eq!(summary("One\nline\n\nand more"), "One line");
    }
}
