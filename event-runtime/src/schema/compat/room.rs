//! Room on the call stack: the search is as deep as schemas nest, and callers' stacks are of unknown size.

use std::thread::Builder;

/// Four times what the deepest search takes in an unoptimised build.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// How deep a search may go on a stack of [`STACK_BYTES`].
pub(super) const MAX_DEPTH: usize = 160;

/// How deep it may go where no thread can be had.
const MAX_DEPTH_INLINE: usize = 24;

/// Runs `work` with the depth that it may reach, on a thread of its own, and waits for it.
pub(super) fn with_room<T: Send>(work: impl Fn(usize) -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let builder = Builder::new().name("schema-compat".to_owned()).stack_size(STACK_BYTES);
        match builder.spawn_scoped(scope, || work(MAX_DEPTH)) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => work(MAX_DEPTH_INLINE),
        }
    })
}
