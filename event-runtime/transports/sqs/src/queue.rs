//! Queue URLs and ARNs: what they say by themselves.

/// The queue's name: the last segment of its URL or the last part of its ARN.
pub(crate) fn name(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    address.rsplit(['/', ':']).next().unwrap_or(address)
}

/// Whether the name says FIFO. API Reference, `CreateQueue`: the name of a FIFO queue ends in `.fifo`, no other does.
pub(crate) fn is_fifo(address: &str) -> bool {
    name(address).ends_with(".fifo")
}

/// The account in an ARN: `arn:aws:sqs:<region>:<account>:<name>`.
pub(crate) fn account(arn: &str) -> Option<&str> {
    let mut parts = arn.rsplit(':');
    parts.next()?;
    parts.next().filter(|account| !account.is_empty())
}

/// The URL of the queue of this ARN, by the example of another queue's URL: its last two segments are account and
/// name. For callers who may not ask the service (`sqs:GetQueueUrl`).
pub(crate) fn sibling_url(queue_url: &str, arn: &str) -> Option<String> {
    let (rest, _) = queue_url.trim_end_matches('/').rsplit_once('/')?;
    let (host, _) = rest.rsplit_once('/')?;
    Some(format!("{host}/{}/{}", account(arn)?, name(arn)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_from_a_url_or_an_arn() {
        assert_eq!(name("https://sqs.eu-central-1.amazonaws.com/123/orders.fifo"), "orders.fifo");
        assert_eq!(name("http://127.0.0.1:4566/queue/eu/000/orders/"), "orders");
        assert_eq!(name("arn:aws:sqs:eu-central-1:123:orders"), "orders");
        assert!(is_fifo("http://localhost/1/a.fifo"));
        assert!(!is_fifo("http://localhost/1/a"));
    }

    #[test]
    fn a_sibling_lives_where_its_source_does() {
        let arn = "arn:aws:sqs:eu-central-1:456:dead";
        let sibling = |url| sibling_url(url, arn);
        assert_eq!(
            sibling("https://sqs.eu-central-1.amazonaws.com/123/orders").as_deref(),
            Some("https://sqs.eu-central-1.amazonaws.com/456/dead")
        );
        assert_eq!(account(arn), Some("456"));
        assert_eq!(sibling("orders"), None);
    }
}
