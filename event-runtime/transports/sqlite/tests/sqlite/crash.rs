//! A process that is killed at any point loses nothing that was confirmed.

use std::collections::{BTreeMap, BTreeSet};

use event_runtime::ManualClock;
use jiff::{SignedDuration, Timestamp};

use super::child::Worker;
use super::fixture::{Folder, bodies, builder, ten};

/// `EVENT_CRASH_SEED` repeats a run; `EVENT_CRASH_ROUNDS` makes it longer.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test]
async fn nothing_confirmed_is_lost_and_nothing_deleted_comes_back() {
    let seed = number("EVENT_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number("EVENT_CRASH_ROUNDS").unwrap_or(8) as usize;
    println!("seed: EVENT_CRASH_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = Folder::new();
    let (mut sent, mut deleting, mut deleted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for round in 0..rounds {
        // Two at once: one dies while the other writes.
        let workers = [0, 1].map(|n| Worker::start("work", (round * 2 + n) * 1_000_000, &folder.file()));
        let mut reports = Vec::new();
        for mut worker in workers {
            // Somewhere in what it does, and not always right after it said something.
            reports.extend((0..random.usize(0..400)).map_while(|_| worker.line()));
            for _ in 0..random.usize(0..20_000) {
                std::hint::spin_loop();
            }
            reports.extend(worker.kill());
        }
        for report in reports {
            let (what, body) = report.split_once(' ').unwrap();
            let known = match what {
                "sent" => &mut sent,
                "deleting" => &mut deleting,
                "deleted" => &mut deleted,
                what => panic!("{what}"),
            };
            known.insert(body.to_owned());
        }
    }

    // The leases of those who died are over.
    let later = ManualClock::new(Timestamp::now() + SignedDuration::from_hours(1));
    let broker = builder(&folder.file()).clock(later.clock()).open().unwrap();
    let queue = broker.queue("q.fifo").await.unwrap();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    let mut last_of_worker: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut done = Vec::new();
    loop {
        let (settled, received) = queue.delete_and_receive(&done, &ten()).await.unwrap();
        assert!(settled.iter().all(Result::is_ok), "seed {seed}: {settled:?}");
        if received.is_empty() {
            break;
        }
        for body in bodies(&received) {
            *left.entry(body.to_owned()).or_default() += 1;
            let number: usize = body.parse().unwrap();
            let last = last_of_worker.insert((number / 1_000_000, number % 50), number);
            assert!(
                last.is_none_or(|last| last < number),
                "seed {seed}: {number} after {last:?} of its group"
            );
        }
        done = received.iter().map(|message| message.receipt()).collect();
    }
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.visible, counts.in_flight, counts.bytes), (0, 0, 0), "seed {seed}");
    println!(
        "{} kills; {} sends and {} deletions confirmed, {} messages left",
        rounds * 2,
        sent.len(),
        deleted.len(),
        left.len()
    );
    let twice: Vec<_> = left.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: twice in the queue: {twice:?}");
    let back: Vec<_> = deleted.iter().filter(|body| left.contains_key(*body)).collect();
    assert!(back.is_empty(), "seed {seed}: deleted and there again: {back:?}");
    let lost: Vec<_> =
        sent.iter().filter(|body| !left.contains_key(*body) && !deleting.contains(*body)).collect();
    assert!(lost.is_empty(), "seed {seed}: confirmed and lost: {lost:?}");
    assert!(!sent.is_empty(), "nobody sent anything");
}
