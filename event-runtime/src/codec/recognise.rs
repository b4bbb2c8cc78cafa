//! Which format a body is in, by the members at its top level.

use serde::de::{IgnoredAny, MapAccess};

use super::native::{DETAIL_TYPE, SPECVERSION};
use super::read::{Note, ReadObject, Text, object};
use crate::envelope::WireFormat;

/// The format of `json`: `specversion` means CloudEvents, `detail-type` with `detail` EventBridge. Native where
/// neither is there, and where the text can't be read that far.
pub(super) fn format(json: &str) -> WireFormat {
    object::<Names>(json, &mut Note::default()).unwrap_or(WireFormat::Native)
}

struct Names;

impl<'de> ReadObject<'de> for Names {
    type Output = WireFormat;

    fn read_object<A: MapAccess<'de>>(_: &mut Note, mut map: A) -> Result<WireFormat, A::Error> {
        let (mut specversion, mut detail_type, mut detail) = (false, false, false);
        while let Some(Text(name)) = map.next_key()? {
            match name.as_ref() {
                SPECVERSION => specversion = true,
                DETAIL_TYPE => detail_type = true,
                "detail" => detail = true,
                _ => {}
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(match (specversion, detail_type && detail) {
            (true, _) => WireFormat::CloudEvents,
            (_, true) => WireFormat::EventBridge,
            _ => WireFormat::Native,
        })
    }
}
