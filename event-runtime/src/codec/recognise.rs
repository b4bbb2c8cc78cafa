//! Which format a body is in, by the members at its top level.

use super::native::{DETAIL, DETAIL_TYPE, PAYLOAD_TYPE, SPECVERSION};
use super::read::Members;
use crate::envelope::WireFormat;

/// The format of `json`, which is no valid native body: `specversion` means CloudEvents, `detail-type` means
/// EventBridge with `detail`, and without it where no `payload_type` speaks against it. Native where neither is
/// there, and where the text can't be read that far.
pub(super) fn format(json: &str) -> WireFormat {
    let (mut specversion, mut detail_type, mut detail, mut native) = (false, false, false, false);
    let Ok(mut members) = Members::of(json) else { return WireFormat::Native };
    loop {
        match members.next() {
            Ok(Some((name, _))) => match name.as_ref() {
                SPECVERSION => specversion = true,
                DETAIL_TYPE => detail_type = true,
                DETAIL => detail = true,
                PAYLOAD_TYPE => native = true,
                _ => {}
            },
            Ok(None) => break,
            Err(_) => return WireFormat::Native,
        }
    }
    match (specversion, detail_type && (detail || !native)) {
        (true, _) => WireFormat::CloudEvents,
        (_, true) => WireFormat::EventBridge,
        _ => WireFormat::Native,
    }
}
