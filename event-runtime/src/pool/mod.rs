//! The producer pool: which producers take which event, and what emitting means.
