//! What was decided and is to be told to the broker, in the order of the decisions.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::consumer::job::DeliveryId;
use crate::delivery::SettleAction;

/// Settlements on their way to the settler, who is woken for the first that comes after it found none.
pub(crate) struct Settlements {
    queue: VecDeque<(DeliveryId, SettleAction)>,
    settler: Arc<Notify>,
    settler_waits: bool,
}

impl Settlements {
    pub(crate) fn new(settler: Arc<Notify>) -> Self {
        Self { queue: VecDeque::new(), settler, settler_waits: false }
    }

    pub(crate) fn push(&mut self, id: DeliveryId, action: SettleAction) {
        self.queue.push_back((id, action));
        if std::mem::take(&mut self.settler_waits) {
            self.settler.notify_one();
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(DeliveryId, SettleAction)> {
        let next = self.queue.pop_front();
        self.settler_waits = next.is_none();
        next
    }
}
