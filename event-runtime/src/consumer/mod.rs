//! The consumer engine: everything between a source and a handler.
