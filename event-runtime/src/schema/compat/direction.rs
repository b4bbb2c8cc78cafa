//! One direction: what a writer emits against what a reader accepts.

use serde_json::Value;

use super::document::Node;
use super::engine::Engine;
use super::shape::Kind;
use super::solve::Literal;
use super::verdict::{Found, Obstacle, Truth};
use super::{Options, Verdict, Writers};

/// A writer's and a reader's schema, and what was found out about them.
pub(super) struct Direction<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) writer: Node<'a>,
    pub(super) reader: Node<'a>,
    closed: bool,
    /// The document that the writer's whole schema is, `x-writer` or not.
    writer_document: usize,
}

impl<'a> Direction<'a> {
    /// `writer` and `reader` are whole documents; of the writer's, `x-writer` counts where it has one.
    pub(super) fn new(writer: &'a Value, reader: &'a Value, options: &Options, max_depth: usize) -> Self {
        let mut engine = Engine::new(options.steps, max_depth);
        let whole = writer;
        let writer = match whole.get("x-writer") {
            Some(contract) => engine.add(contract, Some(whole)),
            None => engine.add(whole, None),
        };
        let reader = engine.add(reader, None);
        let writer_document =
            if whole.get("x-writer").is_some() { engine.add(whole, None).document } else { 0 };
        Self { engine, writer, reader, closed: options.writers == Writers::Closed, writer_document }
    }

    pub(super) fn verdict(&mut self) -> Verdict {
        let (writer, reader) = (self.writer, self.reader);
        // One document accepts what it accepts, whatever it holds.
        if writer.value == reader.value {
            return Verdict::Compatible;
        }
        if !self.engine.is_well_founded(writer) || !self.engine.is_well_founded(reader) {
            return Verdict::Unknown {
                reason: "a schema leads back to itself without describing a part".to_owned(),
            };
        }
        match self.escape(writer, reader) {
            Found::Nothing => Verdict::Compatible,
            Found::Instance(counterexample) => Verdict::Breaking { counterexample },
            Found::Unclear(Obstacle::Budget) => {
                Verdict::Unknown { reason: "the schemas are too large or too deep for the budget".to_owned() }
            }
            Found::Unclear(Obstacle::Beyond) => {
                let reason =
                    "no proof and no counterexample: a keyword, pattern or format is not read".to_owned();
                Verdict::Unknown { reason }
            }
        }
    }

    /// An instance that `writer` emits and `reader` refuses.
    pub(super) fn escape(&mut self, writer: Node<'a>, reader: Node<'a>) -> Found {
        let goal = [vec![Literal::accepted(writer, self.closed)], vec![Literal::refused(reader)]];
        let found = self.engine.solve(&goal);
        match found {
            // An answer that was cut short proves nothing.
            Found::Nothing if self.engine.steps == 0 => Found::Unclear(Obstacle::Budget),
            found => found,
        }
    }

    /// A place of the writer's whole schema.
    pub(super) fn written(&self, value: &'a Value) -> Node<'a> {
        Node { value, document: self.writer_document }
    }

    /// A place of the reader's schema.
    pub(super) fn read(&self, value: &'a Value) -> Node<'a> {
        Node { value, document: self.reader.document }
    }

    /// A value that all these schemas of the writer emit, of one kind if that is said.
    pub(super) fn sample(&mut self, schemas: &[&'a Value], kind: Option<Kind>) -> Option<Value> {
        let literal = |&value: &&'a Value| vec![Literal::accepted(self.written(value), self.closed)];
        let goal: Vec<_> = schemas.iter().map(literal).collect();
        match kind {
            Some(kind) => self.engine.solve_kind(&goal, kind).instance(),
            None => self.engine.solve(&goal).instance(),
        }
    }

    /// Whether the whole writer emits `instance` and the whole reader refuses it.
    pub(super) fn breaks(&mut self, instance: &Value) -> bool {
        self.engine.accepts(self.writer, instance, self.closed) == Truth::True
            && self.engine.accepts(self.reader, instance, false) == Truth::False
    }
}
