use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(ip)]
    value: std::net::IpAddr,
}

fn main() {}
