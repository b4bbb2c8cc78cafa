//! The start-up check: every name known, nothing twice, nothing empty, no keyless event on its way to a FIFO queue.

use std::collections::HashSet;

use crate::nearest::nearest;
use crate::pool::deliver::Member;
use crate::pool::problem::{PoolProblem, PoolProblemKind as Kind};
use crate::pool::routes::{ALL, Catalogue, Routes, UNMATCHED, Wants};

/// The configuration's name of the rules by payload type.
const TYPES: &str = "supported_payload_types";
/// The configuration's name of the rules by pack.
const PACKS: &str = "supported_packs";

/// Rules as they were written: a producer's id and a list.
pub(super) type Written = Vec<(String, Vec<String>)>;

/// Collects what is wrong.
pub(super) struct Check<'a> {
    pub(super) members: &'a [Member],
    pub(super) catalogue: &'a Catalogue,
    pub(super) problems: Vec<PoolProblem>,
}

impl Check<'_> {
    pub(super) fn producers(&mut self) {
        if self.members.is_empty() {
            self.note(Kind::NoProducers, "producers", "the pool has no producers; add at least one");
        }
        let mut seen = HashSet::new();
        for (index, member) in self.members.iter().enumerate() {
            if !seen.insert(&member.id) {
                let text = format!("producer id `{}` is used twice; ids are unique in a pool", member.id);
                self.note(Kind::DuplicateProducer, format!("producers[{index}]"), text);
            }
        }
    }

    /// Turns rules as written into what each member wants, by its index.
    pub(super) fn rules(&mut self, types: &Written, packs: &Written) -> Vec<Wants> {
        let mut wants = vec![Wants::default(); self.members.len()];
        for (producer, listed) in types {
            let names = self.list(TYPES, producer, listed, Self::payload_type);
            if let Some(index) = self.index_of(TYPES, producer) {
                wants[index].types.extend(names);
            }
        }
        for (producer, listed) in packs {
            let names = self.list(PACKS, producer, listed, Self::pack);
            if let Some(index) = self.index_of(PACKS, producer) {
                wants[index].packs.extend(names);
            }
        }
        let named = |id: &str| types.iter().chain(packs).any(|(producer, _)| producer == id);
        let members = self.members;
        for (index, (member, wants)) in members.iter().zip(&wants).enumerate() {
            if wants.is_empty() && !named(&member.id) {
                let text =
                    format!("nothing is routed to producer `{}`; add it to {TYPES} or {PACKS}", member.id);
                self.note(Kind::NoRules, format!("producers[{index}]"), text);
            }
        }
        wants
    }

    pub(super) fn keys(&mut self, routes: &Routes) {
        let catalogue = self.catalogue;
        for (payload_type, _) in catalogue.types.iter().filter(|(_, known)| known.keyless) {
            let entry = routes.of(payload_type);
            for (target, rule) in entry.targets.iter().zip(&entry.rules) {
                let member = &self.members[*target];
                let capabilities = member.producer.capabilities();
                if capabilities.ordered && capabilities.keyless.is_none() {
                    let text = format!(
                        "event `{payload_type}` has no ordering key, and producer `{}` ({rule}) sends to a FIFO \
                         destination; give the event `#[event(key = …)]`, or the producer `fifo_group`: \
                         \"payload_type\" or \"event_id\"",
                        member.id
                    );
                    self.note(Kind::Keyless, format!("producers[{target}]"), text);
                }
            }
        }
    }

    fn list(
        &mut self,
        section: &str,
        producer: &str,
        listed: &[String],
        check: fn(&mut Self, String, &str),
    ) -> Vec<String> {
        let place = format!("{section}.{producer}");
        if listed.is_empty() {
            self.note(
                Kind::EmptyRules,
                place,
                "the list is empty; name at least one, or remove the producer",
            );
            return Vec::new();
        }
        let mut seen = HashSet::new();
        for (index, name) in listed.iter().enumerate() {
            let place = format!("{place}[{index}]");
            if !seen.insert(name) {
                self.note(Kind::DuplicateRule, place, format!("`{name}` stands twice in this list"));
            } else {
                check(self, place, name);
            }
        }
        listed.to_vec()
    }

    fn payload_type(&mut self, place: String, name: &str) {
        let known = &self.catalogue.types;
        if name == ALL || name == UNMATCHED || known.contains_key(name) {
            return;
        }
        let nearest = nearest(name, known.keys().map(AsRef::as_ref)).map(str::to_owned);
        let text = format!("no pack lists payload type `{name}`");
        self.note_unknown(Kind::UnknownPayloadType, place, text, nearest);
    }

    fn pack(&mut self, place: String, name: &str) {
        let known = &self.catalogue.packs;
        if known.contains(&name) {
            return;
        }
        let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
        let text = if name == ALL || name == UNMATCHED {
            format!("`{name}` is no pack; it stands under {TYPES}")
        } else {
            format!("pack `{name}` was not given to the pool")
        };
        self.note_unknown(Kind::UnknownPack, place, text, nearest);
    }

    fn index_of(&mut self, section: &str, producer: &str) -> Option<usize> {
        let index = self.members.iter().position(|member| *member.id == *producer);
        if index.is_none() {
            let nearest = nearest(producer, self.members.iter().map(|member| &*member.id)).map(str::to_owned);
            let text = format!("the pool has no producer `{producer}`");
            self.note_unknown(Kind::UnknownProducer, format!("{section}.{producer}"), text, nearest);
        }
        index
    }

    fn note(&mut self, kind: Kind, place: impl Into<String>, text: impl Into<String>) {
        self.problems.push(PoolProblem::new(kind, place, text));
    }

    fn note_unknown(&mut self, kind: Kind, place: String, text: String, nearest: Option<String>) {
        self.problems.push(PoolProblem::new(kind, place, text).with_nearest(nearest.as_deref()));
    }
}
