//! Batch replies against what was submitted: an entry that the reply does not name as done has failed.

use aws_sdk_sqs::types::BatchResultErrorEntry;

use crate::error::Fault;

/// The id of the entry at `index` of its batch.
pub(crate) fn entry_id(index: usize) -> String {
    index.to_string()
}

/// One result a submitted entry, in their order. An entry in both lists has failed, one in neither too; ids that
/// were not submitted are ignored.
pub(crate) fn reconcile<'a>(
    submitted: usize,
    successful: impl IntoIterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Result<(), Fault>> {
    let mut results: Vec<Option<Result<(), Fault>>> = vec![None; submitted];
    let place = |id: &str| id.parse::<usize>().ok().filter(|index| *index < submitted);
    for index in successful.into_iter().filter_map(place) {
        results[index] = Some(Ok(()));
    }
    for entry in failed {
        if let Some(index) = place(entry.id()) {
            results[index] = Some(Err(Fault::from_entry(entry)));
        }
    }
    results.into_iter().map(|result| result.unwrap_or_else(|| Err(Fault::unanswered()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FaultKind;

    fn failure(id: &str, code: &str, sender_fault: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder().id(id).code(code).sender_fault(sender_fault).build().unwrap()
    }

    fn kinds(results: Vec<Result<(), Fault>>) -> Vec<Option<FaultKind>> {
        results.into_iter().map(|result| result.err().map(|fault| fault.kind())).collect()
    }

    #[test]
    fn what_the_reply_leaves_out_has_failed() {
        let failed = [failure("2", "InvalidMessageContents", true)];
        let results = kinds(reconcile(4, ["0", "3"], &failed));
        assert_eq!(results, [None, Some(FaultKind::Unavailable), Some(FaultKind::Refused), None]);
    }

    #[test]
    fn a_reply_that_contradicts_itself_is_no_success_and_strange_ids_do_nothing() {
        let failed = [failure("0", "InternalError", false), failure("9", "InternalError", false)];
        let results = kinds(reconcile(2, ["0", "1", "7", "-1", "x"], &failed));
        assert_eq!(results, [Some(FaultKind::Unavailable), None]);
    }
}
