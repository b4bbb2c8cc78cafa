//! A queue in memory with visibility timeouts and acknowledgement, and nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use foldhash::fast::RandomState;
use tokio::sync::Notify;

const VISIBILITY: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct HandQueue {
    state: Mutex<State>,
    arrivals: Notify,
}

#[derive(Default)]
struct State {
    ready: VecDeque<(u64, Bytes)>,
    in_flight: HashMap<u64, Bytes, RandomState>,
    deadlines: VecDeque<(Instant, u64)>,
    next: u64,
}

impl State {
    /// Puts back whose visibility timeout has ended; it is one for all, so deadlines are in order.
    fn expire(&mut self, now: Instant) {
        while let Some((deadline, id)) = self.deadlines.front().copied() {
            let settled = !self.in_flight.contains_key(&id);
            if !settled && deadline > now {
                return;
            }
            self.deadlines.pop_front();
            if let Some(body) = self.in_flight.remove(&id) {
                self.ready.push_back((id, body));
            }
        }
    }
}

impl HandQueue {
    pub fn send(&self, body: Bytes) {
        let mut state = self.state.lock().unwrap();
        let id = state.next;
        state.next += 1;
        state.ready.push_back((id, body));
        drop(state);
        self.arrivals.notify_one();
    }

    pub async fn receive(&self) -> (u64, Bytes) {
        loop {
            let arrival = self.arrivals.notified();
            let received = {
                let now = Instant::now();
                let mut state = self.state.lock().unwrap();
                state.expire(now);
                let received = state.ready.pop_front();
                if let Some((id, body)) = &received {
                    state.in_flight.insert(*id, body.clone());
                    state.deadlines.push_back((now + VISIBILITY, *id));
                }
                received
            };
            match received {
                Some(received) => return received,
                None => arrival.await,
            }
        }
    }

    pub fn acknowledge(&self, id: u64) {
        self.state.lock().unwrap().in_flight.remove(&id);
    }
}
