//! What the macros write for representative inputs, under review: `INSTA_UPDATE=always cargo test -p event-macros`
//! writes the snapshots anew.

use proc_macro2::TokenStream;
use quote::quote;

/// The code as a reader would format it.
fn formatted(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).unwrap();
    prettyplease::unparse(&file)
}

macro_rules! golden {
    ($($name:ident: $macro:expr, { $($input:tt)* })*) => {$(
        #[test]
        fn $name() {
            let code = formatted($macro(quote!($($input)*)));
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($name), code);
            });
        }
    )*};
}

fn event(input: TokenStream) -> TokenStream {
    crate::event::derive(input, 0x51)
}

golden! {
    unit_event: event, {
        #[doc = " Nothing happened."]
        struct Nothing;
    }
    plain_event: event, {
        #[doc = " An order was placed."]
        #[event(key = order_id)]
        pub struct OrderPlaced {
            #[doc = " The new order"]
            pub order_id: Uuid,
            #[doc = " User who placed it"]
            pub customer_id: Uuid,
            #[doc = " Words to the vendor"]
            pub note: Option<String>,
        }
    }
    ruled_event: event, {
        #[event_description = "Someone was invited."]
        #[event(type = "users.invitation.sent", key = user_id, topic = "users.fifo")]
        #[validate(custom(not_oneself))]
        pub struct Invited {
            #[validate(required, length(max = 64))]
            pub user_id: String,
            #[validate(email)]
            #[pii]
            pub mail: String,
            #[validate(pattern("^[A-Z]{2}$"))]
            pub country: Option<String>,
            #[validate(range(min = 0.5, max = 1))]
            pub weight: f64,
            #[validate(length(max = 5), inner(one_of("admin", "guest")))]
            pub roles: Vec<String>,
            #[validate(nested)]
            #[pii(secret)]
            pub address: Address,
            #[validate(custom(rules::even))]
            pub seats: Option<u32>,
        }
    }
    event_of_a_later_version: event, {
        #[doc = " An order was placed."]
        #[event(type = "OrderPlaced", version = 3, upcast_from = OrderPlacedV2, compat = backward, new = placed)]
        pub struct OrderPlaced {
            pub order_id: String,
        }
    }
    event_with_serde_names_and_defaults: event, {
        #[doc = " A page was seen."]
        #[serde(rename_all = "camelCase", default = "first")]
        struct PageSeen {
            page_url: String,
            #[serde(rename = "ms", default = "zero")]
            duration: u64,
            #[serde(skip)]
            cache: Option<u8>,
            #[serde(flatten)]
            more: More,
        }
    }
    renamed_crate: event, {
        #[doc = " Nothing happened."]
        #[event(crate = ::events, new = false)]
        pub(crate) struct Nothing {}
    }
    event_with_mistakes: event, {
        #[event(kye = id)]
        pub struct Broken {
            pub id: String,
            pub note: Option<String>,
        }
    }
    rules_of_an_enum: crate::validate::derive, {
        #[serde(tag = "type", content = "content", rename_all = "snake_case")]
        enum Shape<T: Clone> {
            Nothing,
            Circle {
                #[validate(range(min = 0))]
                radius: u32,
                name: T,
            },
            Polygon(#[validate(nested)] Vec<Point>),
        }
    }
    pack: crate::message_pack::expand, {
        #[doc = " Orders and users."]
        pub ShopMessagePack<OrderPlaced, users::Invited as UserInvited>
    }
}
