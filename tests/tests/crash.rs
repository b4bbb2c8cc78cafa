//! Orders from a table to a ledger through an outbox, a durable queue and an inbox, while every process on the way is
//! killed at random and connections to the database are cut.
//!
//! A test of its own binary, since the processes are this binary again.

mod crash {
    mod actors;
    mod database;
    mod processes;
    mod proof;
    mod shop;
}
