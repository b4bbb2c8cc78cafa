use event_runtime::message_pack;

message_pack! {

}
fn main() {}
