//! From a message to its handler.

use std::hint::black_box;

use event_runtime::{Codec, Message, MessageRouter, Metadata, Payload};

use crate::floor::{Dispatch, async_handler};
use crate::measure::{block_on, measure};
use crate::sample::{OrderPlaced, envelope, placed};

const TIMES: usize = 1_000;

pub(super) fn run() {
    for types in [10, 200, 1_000] {
        among(types);
    }

    let message = Codec::Native.encode_owned(envelope(placed())).unwrap();
    let typed = MessageRouter::new().on(async |payload: Payload<OrderPlaced>| {
        black_box(payload);
    });
    route("route.typed", &message, &typed);
    measure(
        "route.typed.decode",
        TIMES,
        || vec![message.clone(); TIMES],
        |messages| {
            for message in messages {
                black_box(message.decode::<OrderPlaced>().unwrap());
            }
        },
    );
}

/// Handling one of so many payload types.
pub(super) fn among(types: usize) {
    let message = Codec::Native.encode_raw(Metadata::new(payload_type(5), 1), "{}", None).unwrap();
    let floor = Dispatch::new((0..types).map(|index| (payload_type(index), async_handler(ignore))));
    measure(
        &format!("route.{types}.floor"),
        TIMES,
        || vec![message.clone(); TIMES],
        |messages| {
            block_on(async {
                for message in messages {
                    floor.handle(|message| &message.metadata().payload_type, black_box(message)).await;
                }
            });
        },
    );
    route(&format!("route.{types}"), &message, &router(types));
}

/// The name of one of them.
pub fn payload_type(index: usize) -> String {
    format!("shop.entity{index:03}.changed")
}

/// What their handlers do.
pub fn ignore(message: Message) {
    black_box(message);
}

/// A router of so many payload types.
pub fn router(types: usize) -> MessageRouter {
    (0..types).fold(MessageRouter::new(), |router, index| {
        router.on_type(payload_type(index), async |message: Message| ignore(message))
    })
}

/// Measures handling `message`.
pub(super) fn route(name: &str, message: &Message, router: &MessageRouter) {
    measure(
        name,
        TIMES,
        || vec![message.clone(); TIMES],
        |messages| {
            block_on(async {
                for message in messages {
                    black_box(router.handle(black_box(message)).await);
                }
            });
        },
    );
}
