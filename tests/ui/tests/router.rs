//! What the compiler says of handlers that a router cannot take.

#[test]
fn router() {
    trybuild::TestCases::new().compile_fail("tests/ui/router/fail/*.rs");
}
