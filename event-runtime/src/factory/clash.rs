//! Two events of one payload type in a pack: `message_pack!` asks while it compiles.
//!
//! Packs hold hundreds of events, and the compiler's interpreter is slow: types are looked up by their hash.

use crate::event::{EventDescriptor, same_payload_type};

/// The first event of a pack that has the payload type of one before it, if any.
#[doc(hidden)]
pub struct Clash {
    pack: &'static str,
    /// The event's place in the pack, and whether it has the other's version too.
    found: Option<(usize, bool)>,
}

impl Clash {
    /// Looks for it.
    pub const fn find<const N: usize>(pack: &'static str, events: &[&EventDescriptor; N]) -> Self {
        // The newest event of each bucket, and the one before each event in its bucket.
        let (mut newest, mut before) = ([N; N], [N; N]);
        let mut index = 0;
        while index < N {
            let event = events[index];
            let bucket = hash(event.payload_type) % N;
            let mut other = newest[bucket];
            while other < N {
                if same_payload_type(events[other].payload_type, event.payload_type) {
                    return Self { pack, found: Some((index, events[other].version == event.version)) };
                }
                other = before[other];
            }
            before[index] = newest[bucket];
            newest[bucket] = index;
            index += 1;
        }
        Self { pack, found: None }
    }

    /// Refuses the event at `index` where it is the one; evaluated while compiling, and reported at the caller.
    ///
    /// # Panics
    /// Where it is.
    #[track_caller]
    #[allow(clippy::panic, reason = "it is how a constant refuses to compile")]
    pub const fn refuse(&self, index: usize, event: &str) {
        let Some((found, is_same_version)) = self.found else { return };
        if found != index {
            return;
        }
        let (text, pack) = (Text::new(), self.pack);
        let text = match is_same_version {
            true => text
                .and("two events of one payload type and version in pack `")
                .and(pack)
                .and("`: give `")
                .and(event)
                .and("` another `type`"),
            false => text
                .and("two versions of one payload type in pack `")
                .and(pack)
                .and("`: list the newest and name the older one in its `upcast_from`; `")
                .and(event)
                .and("` is one of them"),
        };
        panic!("{}", text.as_str())
    }
}

/// FNV-1a.
const fn hash(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut hash, mut index) = (0x811c_9dc5_u32, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash as usize
}

/// A text that is put together while compiling; what is too long is left out.
struct Text {
    bytes: [u8; 1024],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 1024], length: 0 }
    }

    const fn and(mut self, part: &str) -> Self {
        let part = part.as_bytes();
        let mut index = 0;
        while index < part.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = part[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two events of one payload type in a pack",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::testing_event::Order;

    const fn event(payload_type: &'static str, version: u32) -> EventDescriptor {
        let mut event = EventDescriptor::of::<Order>("Order", "an order was made");
        event.payload_type = payload_type;
        event.version = version;
        event
    }

    #[test]
    fn the_later_event_of_the_first_two_is_found() {
        let [a, b, c, d] = [event("a", 1), event("b", 1), event("a", 2), event("b", 1)];
        assert_eq!(Clash::find("P", &[&a, &b]).found, None);
        assert_eq!(Clash::find("P", &[&a, &b, &c, &d]).found, Some((2, false)));
        assert_eq!(Clash::find("P", &[&a, &b, &d, &c]).found, Some((2, true)));
        assert_eq!(Clash::find("P", &[Order::DESCRIPTOR]).found, None);
    }

    #[test]
    #[should_panic(expected = "two versions of one payload type in pack `P`: list the newest")]
    fn only_that_event_is_refused() {
        let (a, b) = (event("a", 1), event("a", 2));
        let clash = Clash::find("P", &[&a, &b]);
        clash.refuse(0, "A");
        clash.refuse(1, "B");
    }
}
