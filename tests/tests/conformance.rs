//! Data that other projects published, read in place.
