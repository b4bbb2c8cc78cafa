//! Which format a body is in, by the members at its top level.

use serde::de::{IgnoredAny, MapAccess};

use super::native::{DETAIL, DETAIL_TYPE, PAYLOAD_TYPE, SPECVERSION};
use super::read::{Note, ReadObject, Text, object};
use crate::envelope::WireFormat;

/// The format of `json`, which is no valid native body: `specversion` means CloudEvents, `detail-type` means
/// EventBridge with `detail`, and without it where no `payload_type` speaks against it. Native where neither is
/// there, and where the text can't be read that far.
pub(super) fn format(json: &str) -> WireFormat {
    object::<Names>(json, &mut Note::default()).unwrap_or(WireFormat::Native)
}

struct Names;

impl<'de> ReadObject<'de> for Names {
    type Output = WireFormat;

    fn read_object<A: MapAccess<'de>>(_: &mut Note, mut map: A) -> Result<WireFormat, A::Error> {
        let (mut specversion, mut detail_type, mut detail, mut native) = (false, false, false, false);
        while let Some(Text(name)) = map.next_key()? {
            match name.as_ref() {
                SPECVERSION => specversion = true,
                DETAIL_TYPE => detail_type = true,
                DETAIL => detail = true,
                PAYLOAD_TYPE => native = true,
                _ => {}
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(match (specversion, detail_type && (detail || !native)) {
            (true, _) => WireFormat::CloudEvents,
            (_, true) => WireFormat::EventBridge,
            _ => WireFormat::Native,
        })
    }
}
