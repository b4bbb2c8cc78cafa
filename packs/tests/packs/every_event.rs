//! The list of all events and older versions, for checks that need their types.

/// Calls a generic function with one argument for every event of every pack, current and older versions.
macro_rules! for_every_event {
    ($check:ident, $argument:expr) => {
        for_every_event!($check, $argument;
            ai::{AICompletedEvent, AIFailedEvent, AIRequestedEvent},
            chat::{ChatMessageEvent, ChatRoomEvent},
            creators::{CreatorActivatedEvent, CreatorRegisteredEvent},
            notification::{CampaignPushNotificationEvent, GenericPushNotificationEvent},
            order::{
                OrderCancelledEvent, OrderCreatedEvent, OrderCreatedEventV1, OrderPaidEvent, OrderShippedEvent,
                OrderUpdatedEvent
            },
            order_application::{ApplicationAcceptedEvent, ApplicationRejectedEvent},
            organizations::{OrganizationCreatedEvent, OrganizationUpdatedEvent},
            payments::{
                WalletSubscriptionCancelledEvent, WalletSubscriptionCreatedEvent, WalletSubscriptionUpdatedEvent,
                WalletSubscriptionUpgradedEvent
            },
            reports_and_reviews::{ApplicationReportCreatedEvent, ReviewSubmittedEvent},
            user::{
                PasswordRecoveryOTPEmail, PasswordRecoveryOTPSMS, UserRegisteredEvent, UserRegisteredEventV1,
                UserRegisteredEventV2
            },
            vendors::{VendorOTPVerifiedEvent, VendorRegisteredEvent},
        )
    };
    ($check:ident, $argument:expr; $($module:ident::{$($event:ident),*},)*) => {
        $($($check::<event_packs::$module::$event>($argument);)*)*
    };
}
