use event_runtime::message_pack;

message_pack! {
    /// All.
    pub <A>
}
fn main() {}
