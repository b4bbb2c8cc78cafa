//! Compatibility of schemas: verdicts are sound, precise on what people write, and always come.

#[path = "compat/arbitrary.rs"]
mod arbitrary;
#[path = "compat/budget.rs"]
mod budget;
#[path = "compat/changes.rs"]
mod changes;
#[path = "compat/hand_written.rs"]
mod hand_written;
#[path = "compat/precision.rs"]
mod precision;
#[path = "compat/second_prover.rs"]
mod second_prover;
#[path = "compat/soundness.rs"]
mod soundness;
