use event_runtime::{Validate, event::ValidationError};
use std::collections::{BTreeMap, HashSet};
#[derive(Validate)]
#[validate(custom(whole))]
struct All<T> { #[validate(required, length(min = 1, max = 9))] a: String, #[validate(length(equal = 2))] b: [u8; 2], #[validate(range(min = -1, max = 1))] c: i8,
    #[validate(range(min = 0.5))] d: Option<f32>, #[validate(email)] e: Option<String>, #[validate(url)] f: Box<str>, #[validate(uuid)] g: &'static str, #[validate(ip)] h: std::borrow::Cow<'static, str>,
    #[validate(pattern("^[a-z]+$"))] i: String, #[validate(one_of("x", "y"))] j: String, #[validate(one_of(1, 2))] k: u64, #[validate(length(min = 1), inner(length(max = 2), inner(range(max = 3))))] l: Vec<Vec<u8>>,
    #[validate(nested, required)] m: BTreeMap<String, Tree>, #[validate(custom(odd), custom(small))] n: Option<u32>, #[validate(inner(email))] o: HashSet<String>, p: T, #[validate(required)] q: Option<bool>, #[validate(required, skip)] r: Tree }
#[derive(Validate)] struct Tree { #[validate(nested)] children: Vec<Tree>, #[validate(nested)] shape: Shape }
#[derive(Validate)] enum Shape { Unit, One(#[validate(range(max = 1))] u8), Two(#[validate(range(max = 1))] u8, u8), Named { #[validate(nested)] tree: Option<Box<Tree>> } }
fn odd(n: &u32) -> Result<(), &'static str> { if n % 2 == 1 { Ok(()) } else { Err("odd") } }
fn small(n: &u32) -> Result<(), ValidationError> { if *n < 9 { Ok(()) } else { Err(ValidationError::new("small").with_param("max", 9)) } }
fn whole<T>(_: &All<T>) -> Result<(), &'static str> { Ok(()) }
fn main() {}
