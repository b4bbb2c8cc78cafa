//! From what is written to rules without a mistake.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprUnary, Lit, LitStr, Path, UnOp};

use super::input;
use super::model::{Bound, Rule};
use super::pattern;
use crate::attribute::{self, Argument, chunks};
use crate::diagnostics::Diagnostics;
use crate::habits::{self, instead};
use crate::runtime_path::RuntimePath;
use crate::shape::Shape;

const RULES: [&str; 13] = [
    "required", "length", "range", "email", "url", "uuid", "ip", "pattern", "one_of", "inner", "nested",
    "skip", "custom",
];

/// What the attributes of a field say.
pub(crate) struct FieldRules {
    pub(crate) rules: Vec<Rule>,
    /// `skip`: the rules of the field's type are not asked.
    pub(crate) skips_own_rules: bool,
}

/// The rules of a field of that shape.
pub(crate) fn check(attributes: &[Attribute], shape: &Shape, errors: &mut Diagnostics) -> FieldRules {
    let (skips, written): (Vec<_>, Vec<_>) =
        input::of(attributes, errors).into_iter().partition(|argument| argument.word() == "skip");
    attribute::report_duplicates(&skips, "rule", errors);
    let is_nested = written.iter().any(|argument| argument.word() == "nested");
    for skip in &skips {
        check_skip(skip, shape, is_nested, errors);
    }
    FieldRules { rules: rules(&written, shape, errors), skips_own_rules: !skips.is_empty() }
}

/// `skip` is for what `nested` is for, and says the contrary.
fn check_skip(written: &Argument, shape: &Shape, is_nested: bool, errors: &mut Diagnostics) {
    written.alone(errors);
    let item = shape.innermost();
    if *item != Shape::Other {
        unfit(written, item, "it leaves out the rules of types that derive `Validate`; remove it", errors);
    } else if is_nested {
        errors.on(&written.name, "`nested` asks the rules that `skip` leaves out: remove one of the two");
    }
}

/// What `#[validate(…)]` says of a type as a whole: `custom(path)`, and where the runtime is.
pub(crate) fn check_container(
    attributes: &[Attribute],
    errors: &mut Diagnostics,
) -> (Vec<Rule>, RuntimePath) {
    let written = input::of(attributes, errors);
    let mut rules = Vec::new();
    for rule in &written {
        let word = rule.word();
        match word.as_str() {
            "custom" => rules.extend(custom(rule, errors)),
            "crate" => {}
            _ if RULES.contains(&word.as_str()) => errors.on(
                &rule.name,
                format!("`{word}` is a rule of a field: move it there; the type itself takes `custom(path)`"),
            ),
            _ => {
                errors.on(&rule.name, format!("unknown rule `{word}`: the type itself takes `custom(path)`"));
            }
        }
    }
    let runtime = RuntimePath::of(written.iter().find(|rule| rule.word() == "crate"), errors);
    (rules, runtime)
}

fn rules(written: &[Argument], shape: &Shape, errors: &mut Diagnostics) -> Vec<Rule> {
    let known: Vec<_> = written.iter().filter(|rule| rule.word() != "custom").cloned().collect();
    attribute::report_duplicates(&known, "rule", errors);
    written.iter().filter_map(|argument| rule(argument, shape, errors)).collect()
}

fn rule(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    let word = written.word();
    match word.as_str() {
        "required" => required(written, shape, errors),
        "length" => length(written, shape, errors),
        "range" => range(written, shape, errors),
        "email" => format(written, shape, Rule::Email, errors),
        "url" => format(written, shape, Rule::Url, errors),
        "uuid" => format(written, shape, Rule::Uuid, errors),
        "ip" => format(written, shape, Rule::Ip, errors),
        "pattern" => pattern(written, shape, errors),
        "one_of" => one_of(written, shape, errors),
        "inner" => inner(written, shape, errors),
        "nested" => nested(written, shape, errors),
        "custom" => custom(written, errors),
        "skip" => {
            errors.on(&written.name, "`skip` is said of the field: write it beside `inner(…)`");
            None
        }
        _ => {
            errors.on(
                &written.name,
                format!("unknown rule `{word}`: {}", instead(&word, RULES, habits::RULES)),
            );
            None
        }
    }
}

/// Reports a rule that the field's type cannot have; `remedy` says what to write instead.
fn unfit(written: &Argument, shape: &Shape, remedy: &str, errors: &mut Diagnostics) -> Option<Rule> {
    let noun = shape.noun().unwrap_or("this type");
    errors.on(&written.name, format!("`{}` is not for {noun}: {remedy}", written.word()));
    None
}

fn required(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    let alone = written.alone(errors);
    if shape.is_number() {
        return unfit(
            written,
            shape,
            "a number is always there; use `range(…)`, or make the field an `Option`",
            errors,
        );
    }
    alone.then_some(Rule::Required)
}

fn length(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`length(min = 1, max = 64)` or `length(equal = 8)`";
    let remedy = match shape.present() {
        Shape::Integer { .. } | Shape::Float => Some("use `range(…)`"),
        Shape::Bool | Shape::Uuid => Some("remove it"),
        _ => None,
    };
    if let Some(remedy) = remedy {
        return unfit(written, shape.present(), remedy, errors);
    }
    let group = written.list(FORM, errors)?;
    let bounds = attribute::split(group.stream(), FORM, errors);
    attribute::report_duplicates(&bounds, "bound", errors);
    let mut found: [Option<(usize, &Argument)>; 3] = [None; 3];
    for bound in &bounds {
        let word = bound.word();
        let Some(slot) = ["min", "max", "equal"].iter().position(|name| *name == word) else {
            let hint = instead(&word, ["min", "max", "equal"], habits::BOUNDS);
            errors.on(&bound.name, format!("`length` has no `{word}`: {hint}"));
            continue;
        };
        let length = match number(bound, FORM, errors) {
            Some(Bound::Int(length)) => usize::try_from(length).ok(),
            Some(Bound::Float(_)) => None,
            None => continue,
        };
        match length {
            Some(length) if length < u32::MAX as usize => found[slot] = Some((length, bound)),
            _ => errors.on(value_of(bound), format!("a length is a whole number from 0 on: write {FORM}")),
        }
    }
    let [min, max, equal] = found;
    match (min, max, equal) {
        (None, None, None) if bounds.is_empty() => {
            errors.on(group, format!("`length` needs a bound: write {FORM}"));
            None
        }
        (None, None, None) => None,
        (None, None, Some((length, _))) => Some(Rule::Length { min: length, max: length }),
        (_, _, Some((_, bound))) => {
            errors.on(bound, "`equal` says both bounds: remove it, or remove `min` and `max`");
            None
        }
        (Some((min, _)), Some((max, bound)), None) if min > max => {
            errors.on(bound, format!("no length is at least {min} and at most {max}: exchange the bounds"));
            None
        }
        (min, max, None) => Some(Rule::Length {
            min: min.map_or(0, |(length, _)| length),
            max: max.map_or(usize::MAX, |(length, _)| length),
        }),
    }
}

fn range(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`range(min = 0, max = 100)`";
    let remedy = match shape.present() {
        Shape::Text | Shape::Collection(_) => Some("use `length(…)`"),
        Shape::Bool | Shape::Uuid => Some("remove it"),
        _ => None,
    };
    if let Some(remedy) = remedy {
        return unfit(written, shape.present(), remedy, errors);
    }
    let group = written.list(FORM, errors)?;
    let bounds = attribute::split(group.stream(), FORM, errors);
    attribute::report_duplicates(&bounds, "bound", errors);
    if bounds.is_empty() {
        errors.on(group, format!("`range` needs a bound: write {FORM}"));
    }
    let (mut min, mut max) = (None, None);
    for bound in &bounds {
        let word = bound.word();
        let slot = match word.as_str() {
            "min" => &mut min,
            "max" => &mut max,
            _ => {
                let hint = instead(&word, ["min", "max"], habits::BOUNDS);
                errors.on(&bound.name, format!("`range` has no `{word}`: {hint}"));
                continue;
            }
        };
        if let Some(number) = number(bound, FORM, errors) {
            match fault_of_bound(number, shape.present()) {
                Some(fault) => errors.on(value_of(bound), fault),
                None => *slot = Some((number, bound)),
            }
        }
    }
    if let (Some((least, _)), Some((most, bound))) = (min, max)
        && least.as_f64() > most.as_f64()
    {
        errors.on(bound, "no number is at least `min` and at most `max`: exchange the bounds");
        return None;
    }
    let (min, max) = (min.map(|(number, _)| number), max.map(|(number, _)| number));
    (min.is_some() || max.is_some()).then_some(Rule::Range { min, max })
}

/// What is wrong with a bound of a field of that shape.
fn fault_of_bound(bound: Bound, shape: &Shape) -> Option<String> {
    match (bound, shape) {
        (Bound::Float(_), Shape::Integer { .. }) => {
            Some("the field is an integer: write the bound without a fraction".to_owned())
        }
        (Bound::Int(number), Shape::Integer { signed, bits }) => {
            let (least, most) = match (signed, bits) {
                (true, 128) => (i128::MIN, i128::MAX),
                (false, 128) => (0, i128::MAX),
                (true, bits) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
                (false, bits) => (0, (1 << bits) - 1),
            };
            let out = number < least || number > most;
            out.then(|| format!("the field's type holds {least} to {most}: write a bound within it"))
        }
        _ => None,
    }
    .or_else(|| match bound {
        Bound::Int(number) if number < i128::from(i64::MIN) || number > i128::from(u64::MAX) => {
            Some("JSON holds whole numbers of 64 bits: write a smaller bound".to_owned())
        }
        _ => None,
    })
}

/// The number that a bound gives.
fn number(bound: &Argument, form: &str, errors: &mut Diagnostics) -> Option<Bound> {
    let expression: Expr = bound.value(form, errors)?;
    let number = number_of(&expression);
    if number.is_none() {
        errors.on(expression, format!("a bound is a number: write {form}"));
    }
    number
}

fn number_of(expression: &Expr) -> Option<Bound> {
    match expression {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match number_of(expr)? {
            Bound::Int(number) => Some(Bound::Int(-number)),
            Bound::Float(number) => Some(Bound::Float(-number)),
        },
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok().map(Bound::Int),
            Lit::Float(number) => {
                number.base10_parse().ok().filter(|number: &f64| number.is_finite()).map(Bound::Float)
            }
            _ => None,
        },
        Expr::Group(group) => number_of(&group.expr),
        _ => None,
    }
}

fn value_of(argument: &Argument) -> TokenStream {
    match &argument.given {
        attribute::Given::Value(tokens) => tokens.clone(),
        _ => argument.name.to_token_stream(),
    }
}

/// A rule for texts that takes nothing.
fn format(written: &Argument, shape: &Shape, rule: Rule, errors: &mut Diagnostics) -> Option<Rule> {
    let alone = written.alone(errors);
    unless_text(written, shape, errors)?;
    alone.then_some(rule)
}

/// Reports a rule for texts on what is none.
fn unless_text(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<()> {
    let remedy = match shape.present() {
        Shape::Uuid if written.word() == "uuid" => "its type keeps the rule already; remove it".to_owned(),
        Shape::Integer { .. } | Shape::Float | Shape::Bool | Shape::Uuid => {
            "it is for texts; remove it".to_owned()
        }
        Shape::Collection(_) => format!("ask it of the items, `inner({})`", written.word()),
        _ => return Some(()),
    };
    unfit(written, shape.present(), &remedy, errors);
    None
}

fn pattern(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`pattern(\"^[a-z]+$\")`";
    unless_text(written, shape, errors)?;
    let group = written.list(FORM, errors)?;
    let Ok(text) = syn::parse2::<LitStr>(group.stream()) else {
        errors.on(group, format!("`pattern` takes one string: write {FORM}"));
        return None;
    };
    match pattern::dialect(&text.value()) {
        Ok(dialect) => Some(Rule::Pattern { text: text.value(), dialect }),
        Err(fault) => {
            errors.on(text, fault);
            None
        }
    }
}

fn one_of(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`one_of(\"small\", \"large\")` or `one_of(1, 2)`";
    if matches!(shape.present(), Shape::Bool | Shape::Float | Shape::Uuid) {
        return unfit(written, shape.present(), "it is for texts and integers; remove it", errors);
    }
    if matches!(shape.present(), Shape::Collection(_)) {
        return unfit(written, shape.present(), "ask it of the items, `inner(one_of(…))`", errors);
    }
    let group = written.list(FORM, errors)?;
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    for chunk in chunks(group.stream()) {
        let tokens: TokenStream = chunk.into_iter().collect();
        let choice = syn::parse2::<Expr>(tokens.clone()).ok();
        let text = choice.as_ref().and_then(|choice| match choice {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        let number = choice.as_ref().and_then(number_of);
        let is_new = match (&text, number) {
            (Some(text), _) => !texts.contains(text),
            (_, Some(Bound::Int(number))) => !numbers.contains(&number),
            _ => true,
        };
        if !is_new {
            errors.on(&tokens, "this choice is given twice: remove one");
        }
        match (text, number) {
            (Some(_), _) if matches!(shape.present(), Shape::Integer { .. }) => {
                errors.on(&tokens, "the field is a number: write a number");
            }
            (Some(_), _) if !numbers.is_empty() => {
                errors.on(&tokens, "the other choices are numbers: write a number");
            }
            (Some(text), _) => texts.push(text),
            (_, Some(Bound::Int(_))) if matches!(shape.present(), Shape::Text) => {
                errors.on(&tokens, "the field is a text: write a string");
            }
            (_, Some(Bound::Int(_))) if !texts.is_empty() => {
                errors.on(&tokens, "the other choices are texts: write a string");
            }
            (_, Some(Bound::Int(number))) => match fault_of_bound(Bound::Int(number), shape.present()) {
                Some(fault) => errors.on(&tokens, fault.replace("bound", "choice")),
                None => numbers.push(number),
            },
            _ => errors.on(&tokens, format!("a choice is a string or a whole number: write {FORM}")),
        }
    }
    match (texts.is_empty(), numbers.is_empty()) {
        (false, _) => Some(Rule::OneOfTexts(texts)),
        (_, false) => Some(Rule::OneOfNumbers(numbers)),
        _ if group.stream().is_empty() => {
            errors.on(group, format!("`one_of` needs its choices: write {FORM}"));
            None
        }
        _ => None,
    }
}

fn inner(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`inner(length(min = 1))`";
    let item = match shape.present() {
        Shape::Collection(item) => item,
        Shape::Other => &Shape::Other,
        other => {
            return unfit(
                written,
                other,
                "it is for the items of a collection; write the rules without it",
                errors,
            );
        }
    };
    let group = written.list(FORM, errors)?;
    if group.stream().is_empty() {
        errors.on(group, format!("`inner` needs rules: write {FORM}"));
        return None;
    }
    let inner = input::nested(group.stream(), errors);
    let rules = rules(&inner, item, errors);
    (!rules.is_empty()).then_some(Rule::Inner(rules))
}

fn nested(written: &Argument, shape: &Shape, errors: &mut Diagnostics) -> Option<Rule> {
    let alone = written.alone(errors);
    match shape.innermost() {
        Shape::Other => alone.then_some(Rule::Nested),
        other => unfit(written, other, "it is for types that derive `Validate`; remove it", errors),
    }
}

fn custom(written: &Argument, errors: &mut Diagnostics) -> Option<Rule> {
    const FORM: &str = "`custom(path::to::function)`";
    let group = written.list(FORM, errors)?;
    match syn::parse2::<Path>(group.stream()) {
        Ok(path) => Some(Rule::Custom(path)),
        Err(_) => {
            errors.on(group, format!("`custom` takes the path of a function: write {FORM}"));
            None
        }
    }
}
