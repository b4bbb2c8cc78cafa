use event_runtime::Validate;

#[derive(Validate)]
union Checked {
    value: u32,
}

fn main() {}
