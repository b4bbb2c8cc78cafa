//! JSON Schemas of events.
