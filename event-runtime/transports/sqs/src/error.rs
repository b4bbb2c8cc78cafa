//! What SQS and its SDK answer when they do not do what was asked, in the runtime's kinds.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::BatchResultErrorEntry;
use event_runtime::transport::{ProduceError, ProduceErrorKind, SettleError, SourceError, SourceErrorKind};

/// One failure of one call, or of one entry of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    kind: FaultKind,
    /// The service's error code, where it answered.
    code: Option<String>,
    message: String,
}

/// What kind of failure a [`Fault`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// No answer, or one that says that the service itself failed.
    Unavailable,
    /// Slow down.
    Throttled,
    /// The message or the batch is over a limit of bytes.
    TooLarge,
    /// The queue does not exist.
    NotFound,
    /// The credentials are missing, wrong, or do not allow it.
    Unauthorized,
    /// The credentials have expired; the SDK fetches new ones before the next call, where they can be had.
    Expired,
    /// The receipt handle is no longer good.
    LeaseLost,
    /// Anything else that would fail again.
    Refused,
}

impl Fault {
    /// The fault of an entry that the reply names neither as done nor as failed.
    pub(crate) fn unanswered() -> Self {
        Self::unavailable("the reply does not mention this entry")
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Unavailable, code: None, message: message.into() }
    }

    pub(crate) fn from_sdk<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let SdkError::ServiceError(service) = error else {
            let kind =
                if lacks_credentials(error) { FaultKind::Unauthorized } else { FaultKind::Unavailable };
            return Self { kind, code: None, message: chain(error) };
        };
        let answer = service.err();
        let (code, message) = (answer.code(), answer.message().unwrap_or_default());
        let status = service.raw().status().as_u16();
        let kind = match kind_of(code.unwrap_or_default(), message) {
            Some(kind) => kind,
            None if status >= 500 => FaultKind::Unavailable,
            None if status == 429 => FaultKind::Throttled,
            None if status == 401 || status == 403 => FaultKind::Unauthorized,
            None => FaultKind::Refused,
        };
        let message = if message.is_empty() { format!("HTTP status {status}") } else { message.to_owned() };
        Self { kind, code: code.map(str::to_owned), message }
    }

    pub(crate) fn from_entry(entry: &BatchResultErrorEntry) -> Self {
        let message = entry.message().unwrap_or_default();
        let by_fault = if entry.sender_fault() { FaultKind::Refused } else { FaultKind::Unavailable };
        Self {
            kind: kind_of(entry.code(), message).unwrap_or(by_fault),
            code: Some(entry.code().to_owned()),
            message: message.to_owned(),
        }
    }

    pub(crate) fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Whether the service knows the caller and does not allow it the call.
    pub(crate) fn is_denied(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.contains("AccessDenied"))
    }

    /// Whether the same request may pass later.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self.kind, FaultKind::Unavailable | FaultKind::Throttled | FaultKind::Expired)
    }

    pub(crate) fn to_produce_error(&self, what: impl Into<String>) -> ProduceError {
        let kind = match self.kind {
            FaultKind::Unavailable => ProduceErrorKind::Unavailable,
            FaultKind::Throttled => ProduceErrorKind::Throttled,
            FaultKind::TooLarge => ProduceErrorKind::TooLarge,
            FaultKind::NotFound => ProduceErrorKind::NotFound,
            FaultKind::Unauthorized | FaultKind::Expired => ProduceErrorKind::Unauthorized,
            FaultKind::LeaseLost | FaultKind::Refused => ProduceErrorKind::Refused,
        };
        ProduceError::new(kind, what).with_source(self.clone())
    }

    pub(crate) fn to_source_error(&self, what: impl Into<String>) -> SourceError {
        let kind = match self.kind {
            FaultKind::Unavailable => SourceErrorKind::Unavailable,
            FaultKind::Throttled => SourceErrorKind::Throttled,
            FaultKind::NotFound => SourceErrorKind::NotFound,
            FaultKind::Unauthorized | FaultKind::Expired => SourceErrorKind::Unauthorized,
            FaultKind::TooLarge | FaultKind::LeaseLost | FaultKind::Refused => SourceErrorKind::Refused,
        };
        SourceError::new(kind, what).with_source(self.clone())
    }

    /// The fault of one settlement. `entry` says that the service refused this entry and no other: its handle
    /// is not good, whatever the code. A refused call as a whole says nothing of the handles in it.
    pub(crate) fn to_settle_error(&self, entry: bool) -> SettleError {
        match self.kind {
            FaultKind::LeaseLost | FaultKind::NotFound => SettleError::LeaseLost(self.to_string()),
            FaultKind::Refused if entry => SettleError::LeaseLost(self.to_string()),
            _ => SettleError::Transient(self.to_string()),
        }
    }
}

/// One line: the service's code and text, or what happened on the way to it.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(formatter, "{code}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl Error for Fault {}

/// The kind of a service error, where its code says enough.
///
/// Codes come in the form of the service's JSON protocol (`QueueDoesNotExist`) or in the older one that the SDK
/// prefers where the service sends both (`AWS.SimpleQueueService.NonExistentQueue`). API Reference, "Common
/// Errors" and the errors of each action.
fn kind_of(code: &str, message: &str) -> Option<FaultKind> {
    let code = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
    Some(match code {
        "QueueDoesNotExist" | "NonExistentQueue" => FaultKind::NotFound,
        "RequestThrottled"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "OverLimit"
        | "KmsThrottled"
        | "KMS.ThrottlingException" => FaultKind::Throttled,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "RequestExpired" => FaultKind::Unavailable,
        "AccessDenied"
        | "AccessDeniedException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "OptInRequired"
        | "NotAuthorized"
        | "InvalidSecurity"
        | "KmsAccessDenied"
        | "KMS.AccessDeniedException" => FaultKind::Unauthorized,
        "ExpiredToken" | "ExpiredTokenException" => FaultKind::Expired,
        "BatchRequestTooLong" => FaultKind::TooLarge,
        "ReceiptHandleIsInvalid" | "MessageNotInflight" => FaultKind::LeaseLost,
        "InvalidParameterValue" | "InvalidParameterValueException"
            if message.contains("must be shorter than") =>
        {
            FaultKind::TooLarge
        }
        "InvalidParameterValue" | "InvalidParameterValueException" if message.contains("ReceiptHandle") => {
            FaultKind::LeaseLost
        }
        _ => return None,
    })
}

/// Whether the call never left because there was nothing to sign it with.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(cause) = error {
        if let Some(error) = cause.downcast_ref::<CredentialsError>() {
            // A provider that does not answer may do so later.
            return !matches!(
                error,
                CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_)
            );
        }
        error = cause.source();
    }
    false
}

/// An error and its sources in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line.push_str(": ");
        line.push_str(&error.to_string());
        source = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::error::ErrorMetadata;
    use aws_sdk_sqs::operation::delete_message::DeleteMessageError;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, code: &str, message: &str) -> Fault {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        Fault::from_sdk(&SdkError::service_error(DeleteMessageError::generic(metadata), response))
    }

    fn entry(code: &str, message: &str, sender_fault: bool) -> Fault {
        let entry =
            BatchResultErrorEntry::builder().id("0").code(code).message(message).sender_fault(sender_fault);
        Fault::from_entry(&entry.build().unwrap())
    }

    #[test]
    fn service_errors_have_the_kind_of_their_code() {
        let cases = [
            (400, "AWS.SimpleQueueService.NonExistentQueue", "", FaultKind::NotFound),
            (400, "QueueDoesNotExist", "", FaultKind::NotFound),
            (403, "RequestThrottled", "", FaultKind::Throttled),
            (400, "ThrottlingException", "", FaultKind::Throttled),
            (403, "SignatureDoesNotMatch", "", FaultKind::Unauthorized),
            (403, "ExpiredToken", "", FaultKind::Expired),
            (400, "ReceiptHandleIsInvalid", "", FaultKind::LeaseLost),
            (400, "AWS.SimpleQueueService.BatchRequestTooLong", "", FaultKind::TooLarge),
            (
                400,
                "InvalidParameterValue",
                "Reason: Message must be shorter than 1 bytes.",
                FaultKind::TooLarge,
            ),
            (
                400,
                "InvalidParameterValue",
                "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
                FaultKind::LeaseLost,
            ),
            (400, "InvalidParameterValue", "Value 11 for parameter MaxNumberOfMessages", FaultKind::Refused),
            (500, "Whatever", "", FaultKind::Unavailable),
            (403, "Whatever", "", FaultKind::Unauthorized),
            (429, "Whatever", "", FaultKind::Throttled),
            (400, "Whatever", "", FaultKind::Refused),
        ];
        for (status, code, message, kind) in cases {
            assert_eq!(answer(status, code, message).kind(), kind, "{status} {code} {message}");
        }
    }

    #[test]
    fn an_entry_fails_for_good_only_by_the_senders_fault() {
        assert_eq!(entry("InternalError", "", false).kind(), FaultKind::Unavailable);
        assert_eq!(entry("Unheard", "", false).kind(), FaultKind::Unavailable);
        assert_eq!(entry("Unheard", "", true).kind(), FaultKind::Refused);
        assert_eq!(entry("RequestThrottled", "", true).kind(), FaultKind::Throttled);
    }

    #[test]
    fn a_settlement_is_lost_only_where_its_own_handle_was_refused() {
        let refused = answer(400, "Whatever", "");
        assert!(matches!(refused.to_settle_error(true), SettleError::LeaseLost(_)));
        assert!(matches!(refused.to_settle_error(false), SettleError::Transient(_)));
        let denied = answer(403, "AccessDenied", "");
        assert!(matches!(denied.to_settle_error(true), SettleError::Transient(_)));
        let unanswered = Fault::unanswered();
        assert!(matches!(unanswered.to_settle_error(true), SettleError::Transient(_)));
    }

    #[test]
    fn a_call_that_got_no_answer_may_pass_later() {
        let error: SdkError<DeleteMessageError, HttpResponse> = SdkError::timeout_error("no answer");
        assert!(Fault::from_sdk(&error).is_retryable());
    }
}
