#![deny(warnings)]

use event_runtime::Validate;
use event_runtime::event::Validator;

#[derive(Validate)]
struct Ruled(#[validate(length(min = 1))] String);

#[derive(Validate)]
struct WithoutRules {
    text: String,
    next: Option<Box<Self>>,
}

struct ByHand;

impl Validate for ByHand {
    fn validate_into(&self, _: &mut Validator) {}
}

#[derive(Validate)]
#[allow(dead_code)]
struct Generic<'a, T, const N: usize> {
    item: T,
    items: Vec<T>,
    line: std::borrow::Cow<'a, str>,
    array: [Ruled2<N>; 1],
    plain: WithoutRules,
    next: Option<Box<Self>>,
}

#[derive(Validate)]
struct Ruled2<const N: usize>(#[validate(length(min = 1))] String);

#[derive(Validate)]
struct Holder {
    #[validate(skip)]
    skipped: Ruled,
    #[validate(skip, length(max = 3))]
    list: Vec<Ruled>,
    #[validate(inner(nested))]
    asked: Vec<Ruled>,
    #[validate(skip)]
    by_hand: Option<ByHand>,
    plain: WithoutRules,
    foreign: std::time::Duration,
    r#type: (Ruled, u8),
}

fn main() {
    let ruled = || Ruled(String::new());
    let plain = || WithoutRules { text: String::new(), next: None };
    let holder = Holder {
        skipped: ruled(),
        list: vec![ruled()],
        asked: vec![ruled()],
        by_hand: Some(ByHand),
        plain: plain(),
        foreign: std::time::Duration::ZERO,
        r#type: (ruled(), 0),
    };
    let errors = holder.validate().unwrap_err();
    let found: Vec<_> = errors.errors().iter().map(|error| error.pointer()).collect();
    assert_eq!(found, ["/asked/0"]);
}
