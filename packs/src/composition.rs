//! The packs of this crate as one.

use event_runtime::{MessagePack, Packs};

use crate::ai::AIMessagePack;
use crate::chat::ChatMessagePack;
use crate::creators::CreatorsMessagePack;
use crate::notification::NotificationMessagePack;
use crate::order::OrderMessagePack;
use crate::order_application::OrderApplicationMessagePack;
use crate::organizations::OrganizationsMessagePack;
use crate::payments::PaymentsMessagePack;
use crate::reports_and_reviews::ReportsAndReviewsMessagePack;
use crate::user::UserMessagePack;
use crate::vendors::VendorsMessagePack;

/// The eleven packs, for a producer pool, a factory, or an application that adds its own.
///
/// ```
/// use event_runtime::factory::MessageFactory;
///
/// let mut factory = MessageFactory::new();
/// event_packs::all().register(&mut factory)?;
/// let order = factory.event("OrderCreatedEvent").map(|event| (event.version, event.key));
/// assert_eq!(order, Some((2, Some("order_id"))));
/// # Ok::<(), event_runtime::factory::PackConflicts>(())
/// ```
pub fn all() -> Packs {
    Packs::compose([
        UserMessagePack::DESCRIPTOR,
        VendorsMessagePack::DESCRIPTOR,
        CreatorsMessagePack::DESCRIPTOR,
        OrganizationsMessagePack::DESCRIPTOR,
        OrderMessagePack::DESCRIPTOR,
        OrderApplicationMessagePack::DESCRIPTOR,
        ReportsAndReviewsMessagePack::DESCRIPTOR,
        AIMessagePack::DESCRIPTOR,
        ChatMessagePack::DESCRIPTOR,
        NotificationMessagePack::DESCRIPTOR,
        PaymentsMessagePack::DESCRIPTOR,
    ])
}
