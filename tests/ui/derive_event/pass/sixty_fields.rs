use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(key = f0)]
#[rustfmt::skip]
struct Happened { f0: u8, f1: u16, f2: u32, f3: u64, f4: u8, f5: u16, f6: u32, f7: u64, f8: u8, f9: u16, f10: u32, f11: u64, f12: u8, f13: u16, f14: u32, f15: u64, f16: u8, f17: u16, f18: u32, f19: u64, f20: u8, f21: u16, f22: u32, f23: u64, f24: u8, f25: u16, f26: u32, f27: u64, f28: u8, f29: u16, f30: u32, f31: u64, f32: u8, f33: u16, f34: u32, f35: u64, f36: u8, f37: u16, f38: u32, f39: u64, f40: u8, f41: u16, f42: u32, f43: u64, f44: u8, f45: u16, f46: u32, f47: u64, f48: u8, f49: u16, f50: u32, f51: u64, f52: u8, f53: u16, f54: u32, f55: u64, f56: u8, f57: u16, f58: u32, f59: u64 }
message_pack! { /** All. */ Pack<Happened> }
#[derive(Validate)] struct Unused;
fn main() { assert_eq!(<Happened as Event>::DESCRIPTOR.fields.len(), 60); }
