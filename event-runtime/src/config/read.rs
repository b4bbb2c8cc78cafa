//! Typed reading that goes on after a mistake, so that one run reports them all.
//!
//! serde stops at the first error. So what was wrong is reported, replaced, and the whole is read again: first by a
//! value that passes as the empty one of any type, where that is refused too by nothing at all, and where something
//! must stand there, together with the object around it. Errors that only follow from such a replacement are not
//! reported.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::config::error::{ConfigProblem, ConfigProblemKind as Kind};
use crate::config::interpolate::{join_index, join_key};
use crate::config::node::Node;
use crate::config::read_error::{ReadError, Step};
use crate::config::reader::Reader;

/// How many mistakes one report lists; reading is repeated for each.
const MOST: usize = 100;

/// Reads `node`, which stands at `path`, as a `T`.
pub(super) fn read<T: DeserializeOwned>(node: &Node, path: &str) -> Result<T, Vec<ConfigProblem>> {
    let mut tree = node.clone();
    let mut problems = Vec::new();
    loop {
        let error = match Reader(&tree).read(PhantomData::<T>) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let amended = amend(&mut tree, &error);
        if amended.is_mistake {
            problems.push(error.into_problem(path));
        }
        if !amended.goes_on || problems.len() == MOST {
            return Err(problems);
        }
    }
}

/// What was done about an error.
struct Amended {
    /// It is the user's, and no mere consequence of an earlier one.
    is_mistake: bool,
    /// There is something left to read.
    goes_on: bool,
}

impl Amended {
    const MISTAKE: Self = Self { is_mistake: true, goes_on: true };
}

/// Takes what `error` is about out of the way.
fn amend(tree: &mut Node, error: &ReadError) -> Amended {
    let Some(node) = find(tree, error.steps()) else {
        return Amended { is_mistake: true, goes_on: false };
    };
    let tainted = node.is_tainted();
    match (error.kind(), &mut *node) {
        (_, Node::Wild) => return give_up(node, error),
        (Kind::UnknownKey, _) => *node = Node::Absent,
        (Kind::MissingKey, Node::Map(entries)) => {
            let key = error.missing_key();
            if entries.iter().any(|(name, _)| name == key) {
                return give_up(node, error);
            }
            entries.push((key.into(), Node::Wild));
        }
        _ if tainted => return give_up(node, error),
        _ => *node = Node::Wild,
    }
    Amended::MISTAKE
}

fn give_up(node: &mut Node, error: &ReadError) -> Amended {
    *node = Node::Absent;
    Amended { is_mistake: false, goes_on: error.steps().next().is_some() }
}

fn find<'a, 'e>(tree: &'a mut Node, steps: impl Iterator<Item = &'e Step>) -> Option<&'a mut Node> {
    let mut node = tree;
    for step in steps {
        node = match (step, node) {
            (Step::Key(key), Node::Map(entries)) => &mut entries.iter_mut().find(|(name, _)| name == key)?.1,
            (Step::Index(index), Node::List(nodes)) => nodes.get_mut(*index)?,
            _ => return None,
        };
    }
    Some(node)
}

impl ReadError {
    /// The report, for a reading that began at `start`.
    fn into_problem(self, start: &str) -> ConfigProblem {
        let mut path = self.steps().fold(start.to_owned(), |path, step| match step {
            Step::Key(key) => join_key(&path, key),
            Step::Index(index) => join_index(&path, *index),
        });
        if self.kind() == Kind::MissingKey {
            path = join_key(&path, self.missing_key());
        }
        let (kind, nearest) = (self.kind(), self.nearest().map(str::to_owned));
        ConfigProblem::new(kind, path, self.into_text()).with_nearest(nearest)
    }
}
