//! The search for an instance that some schemas accept and others refuse.
//!
//! A writer's schema is contained in a reader's when no instance is accepted by the first and refused by the second.
//! The search splits that wish into branches (each kind of value, each alternative, each way to break a rule) until every
//! branch is a plain list of facts, and shows of each that no value has them, or builds one.
//!
//! Its soundness rests on two rules. Where a fact can't be read it is left out, so a branch is only ever too wide: "there
//! is none" stays true. And no value is reported before the validator has confirmed it.
//!
//! Recursion: a search that meets itself deeper in the instance takes for granted that there is nothing: a smallest
//! instance can't hold a smaller one of the same kind.

mod array;
mod facts;
mod fails;
mod goal;
mod holds;
mod names;
mod number;
mod object;
mod overlap;
mod scope;
mod search;
mod text;

pub(super) use goal::{Goal, Literal};
