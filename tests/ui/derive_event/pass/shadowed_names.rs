#![allow(dead_code)]
struct Option; struct Result; struct String; struct Vec; struct Box; struct Default; struct Some; struct None; struct Ok; struct Err;
mod std {} mod core {} mod event_runtime {} mod serde_json {} mod schemars_ {}
/// It happened.
#[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema, ::event_runtime::Event)]
#[event(key = id)]
struct Happened {
    #[validate(required, length(min = 1), pattern("a"), one_of("a"))] id: ::std::string::String,
    #[validate(inner(email))] #[pii] mails: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
}
event_runtime_::message_pack! { /** All. */ Pack<Happened> }
extern crate event_runtime as event_runtime_;
fn main() { let _ = Happened::new("a".into()); }
