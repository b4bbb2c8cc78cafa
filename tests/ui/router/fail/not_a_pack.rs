use event_runtime::MessageRouter;

enum Orders {}

fn main() {
    let _ = MessageRouter::new().on_pack(|_: Orders| async {});
}
