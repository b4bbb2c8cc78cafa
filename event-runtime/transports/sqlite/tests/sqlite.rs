//! What queues in a file do beyond the in-memory ones: surviving, sharing, refusing files, and one commit for many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod sqlite {
    mod child;
    mod configuration;
    mod crash;
    mod files;
    mod fixture;
    mod groups;
    mod processes;
    mod redrive;
    mod time;
    mod waiting;
}
