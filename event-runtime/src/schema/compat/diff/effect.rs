//! What a change breaks: values that show it, built into whole events.

use serde_json::{Value, json};

use super::super::direction::Direction;
use super::super::report::{Effect, Verdict};
use super::super::shape::Kind;
use super::super::verdict::Found;
use super::{Explainer, Here, Step};

/// Where to look for a value that one side emits and the other refuses.
pub(super) enum Suspect {
    /// The change only makes the reader accept more, or the writer emit less.
    Nobody,
    /// One of these values at the place.
    Values(Vec<Value>),
    /// Any value at the place that the schemas themselves tell apart.
    Anything,
}

impl<'a> Explainer<'a, '_> {
    /// What a change at `here` means: for old events first, then for new ones.
    pub(super) fn effects(&mut self, here: &Here<'a>, backward: Suspect, forward: Suspect) -> [Effect; 2] {
        let around = &self.around;
        let old_side = |here: &Here<'a>| (here.old.clone(), here.new.clone());
        let new_side = |here: &Here<'a>| (here.new.clone(), here.old.clone());
        [
            effect(self.backward, self.verdicts.0, around, here, backward, old_side),
            effect(self.forward, self.verdicts.1, around, here, forward, new_side),
        ]
    }

    /// A value of the old writer at this place.
    pub(super) fn old_sample(&mut self, here: &Here<'a>, kind: Option<Kind>) -> Option<Value> {
        self.backward.sample(&here.old, kind)
    }

    /// A value of the new writer at this place.
    pub(super) fn new_sample(&mut self, here: &Here<'a>, kind: Option<Kind>) -> Option<Value> {
        self.forward.sample(&here.new, kind)
    }
}

impl<'a> Explainer<'a, '_> {
    /// What a property that may be absent breaks: nothing, where the event without it breaks as well.
    pub(super) fn blamed(&mut self, name: &str, effects: [Effect; 2]) -> [Effect; 2] {
        let [backward, forward] = effects;
        let way: Vec<Step> = self.around.iter().map(|(_, step)| step.clone()).collect();
        let breaks_without = |direction: &mut Direction<'a>, effect: &Effect| match effect {
            Effect::Breaking { counterexample } => {
                let mut event = counterexample.clone();
                take_out(&mut event, &way, name).is_some() && direction.breaks(&event)
            }
            _ => false,
        };
        let innocent = [breaks_without(self.backward, &backward), breaks_without(self.forward, &forward)];
        let settle = |effect, innocent: bool| if innocent { Effect::None } else { effect };
        [settle(backward, innocent[0]), settle(forward, innocent[1])]
    }
}

/// Removes a member at the end of the way.
fn take_out(event: &mut Value, way: &[Step], name: &str) -> Option<Value> {
    let mut holder = event;
    for step in way {
        holder = match step {
            Step::Member(name) => holder.get_mut(name)?,
            Step::Element(index) => {
                let list = holder.as_array_mut()?;
                let index = (*index).min(list.len().checked_sub(1)?);
                list.get_mut(index)?
            }
        };
    }
    holder.as_object_mut()?.remove(name)
}

type Sides<'a> = (Vec<&'a Value>, Vec<&'a Value>);

fn effect<'a>(
    direction: &mut Direction<'a>,
    verdict: &Verdict,
    around: &[(Here<'a>, Step)],
    here: &Here<'a>,
    suspect: Suspect,
    sides: impl Fn(&Here<'a>) -> Sides<'a>,
) -> Effect {
    if verdict.is_compatible() {
        return Effect::None;
    }
    let (written, read) = sides(here);
    let values = match suspect {
        Suspect::Nobody => return Effect::None,
        Suspect::Values(values) => values,
        Suspect::Anything => {
            let (Some(writer), Some(reader)) = (written.last(), read.last()) else { return Effect::Unproven };
            match direction.escape(direction.written(writer), direction.read(reader)) {
                Found::Nothing => return Effect::None,
                Found::Instance(value) => vec![value],
                Found::Unclear(_) => Vec::new(),
            }
        }
    };
    for value in values {
        if let Some(event) = embed(direction, around, value, &sides)
            && direction.breaks(&event)
        {
            return Effect::Breaking { counterexample: event };
        }
    }
    Effect::Unproven
}

/// The whole event that holds `value` at the end of the way.
fn embed<'a>(
    direction: &mut Direction<'a>,
    around: &[(Here<'a>, Step)],
    value: Value,
    sides: impl Fn(&Here<'a>) -> Sides<'a>,
) -> Option<Value> {
    let mut event = value;
    for (here, step) in around.iter().rev() {
        let (written, _) = sides(here);
        event = match step {
            Step::Member(name) => {
                let mut members = direction.sample(&written, Some(Kind::Object)).unwrap_or_else(|| json!({}));
                members.as_object_mut()?.insert(name.clone(), event);
                members
            }
            Step::Element(index) => {
                let mut items = direction.sample(&written, Some(Kind::Array)).unwrap_or_else(|| json!([]));
                let list = items.as_array_mut()?;
                match list.get_mut(*index) {
                    Some(item) => *item = event,
                    None => list.push(event),
                }
                items
            }
        };
    }
    Some(event)
}
