//! One case a message, named by the mistake; `TRYBUILD=overwrite` writes the expected texts anew.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for area in ["derive_event", "derive_validate", "message_pack", "registered", "committed", "router"] {
        cases.pass(format!("{area}/pass/*.rs"));
        cases.compile_fail(format!("{area}/fail/*.rs"));
    }
}
