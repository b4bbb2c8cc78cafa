use event_runtime::message_pack;
use event_ui_tests::ForeignEvent;

message_pack! {
    /// All.
    Pack<ForeignEvent>
}
fn main() {}
