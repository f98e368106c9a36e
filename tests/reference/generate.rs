//! Random scripts, biased to where things meet: few groups, few bodies, times that coincide with ends of timeouts.

use super::script::{Attribute, Call, Handle, Message, QueueSetup, Setup, Step};
use proptest::prelude::*;
use proptest::sample::select;

/// One step before times and handles are known.
#[derive(Debug, Clone)]
struct Draft {
    /// Seconds since the step before.
    pause: u64,
    client: usize,
    kind: u8,
    queue: usize,
    /// Drawn numbers, used as the kind of step needs them.
    dice: [u8; 8],
}

fn draft() -> impl Strategy<Value = Draft> {
    let pause = prop_oneof![
        4 => Just(0u64),
        6 => 1u64..6,
        4 => select(vec![5u64, 10, 20, 30, 40]),
        1 => select(vec![60u64, 240, 300]),
        1 => select(vec![43_200u64, 40_000, 3_200]),
    ];
    let queue = prop_oneof![3 => Just(0usize), 1 => Just(1)];
    let dice = proptest::array::uniform8(any::<u8>());
    (pause, 0usize..2, any::<u8>(), queue, dice).prop_map(|(pause, client, kind, queue, dice)| Draft {
        pause,
        client,
        kind,
        queue,
        dice,
    })
}

fn queue_setup() -> impl Strategy<Value = QueueSetup> {
    let visibility = prop_oneof![4 => select(vec![5u64, 10, 20, 30]), 1 => Just(0), 1 => 1u64..41];
    let delay = prop_oneof![4 => Just(0u64), 1 => select(vec![5u64, 10, 900])];
    let retention = prop_oneof![4 => Just(345_600u64), 1 => select(vec![60u64, 90, 300])];
    let wait = prop_oneof![3 => Just(0u64), 1 => select(vec![5u64, 10, 20])];
    (visibility, delay, retention, wait).prop_map(|(visibility, delay, retention, wait)| QueueSetup {
        visibility,
        delay,
        retention,
        wait,
    })
}

pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    let flags = (prop::bool::weighted(0.15), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let quota = prop_oneof![4 => Just(None), 1 => (1u64..6).prop_map(Some)];
    let count = prop_oneof![2 => Just(None), 3 => (1u32..5).prop_map(Some)];
    let drafts = proptest::collection::vec(draft(), 1..40);
    (flags, quota, count, [queue_setup(), queue_setup()], drafts).prop_map(
        |((is_2022, fifo, fair, content_based, by_group), quota, max_receive_count, queues, drafts)| Setup {
            is_2022,
            fifo,
            fair,
            content_based,
            by_group,
            quota,
            max_receive_count,
            queues,
            steps: steps(&drafts, fifo),
        },
    )
}

/// Steps with their times. Those of different clients never fall on one instant: the second client's are half a second
/// off, and so are message move tasks by a tenth or so, since AWS promises no order there.
fn steps(drafts: &[Draft], fifo: bool) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut now, mut tasks) = (0, 0);
    for draft in drafts {
        let mut draft = draft.clone();
        let mut call = call(&draft, &steps, fifo);
        // What becomes of a message move task is best seen right after its start.
        if let Some(Step { client, call: Call::Start { .. }, .. }) = steps.last()
            && draft.dice[6] % 4 != 0
        {
            (draft.client, draft.pause) = (*client, 0);
            call = if draft.dice[6] % 4 == 1 { Call::List } else { Call::Cancel(steps.len() - 1) };
        }
        // The run lasts 30 hours.
        now += if now > 50_000 { draft.pause % 60 } else { draft.pause };
        let offset = if matches!(call, Call::Start { .. }) {
            tasks += 1;
            if tasks > 3 {
                continue;
            }
            103 + 130 * tasks
        } else {
            500 * draft.client as u64
        };
        let mut at = now * 1_000 + offset;
        if steps.last().is_some_and(|last| last.at > at) {
            now += 1;
            at += 1_000;
        }
        steps.push(Step { at, client: draft.client, call });
    }
    steps
}

/// A handle of an earlier receive of the same client: mostly a recent one, sometimes none at all.
fn handle(client: usize, die: u8, steps: &[Step]) -> Handle {
    let is_receive =
        |(_, step): &(usize, &Step)| step.client == client && matches!(step.call, Call::Receive { .. });
    let receives: Vec<usize> =
        steps.iter().enumerate().filter(is_receive).map(|(number, _)| number).collect();
    if receives.is_empty() || die > 245 {
        return None;
    }
    let back = usize::from(die / 4 % 3).min(receives.len() - 1);
    // Mostly the first message: further ones are often not there.
    Some((receives[receives.len() - 1 - back], usize::from(die % 16).saturating_sub(12)))
}

fn message(dice: &[u8], position: usize, fifo: bool) -> Message {
    let [kind, body, group, rest] = [dice[0], dice[1], dice[2], dice[3]];
    let body =
        if kind == 7 { String::new() } else { ["a", "b", "c", "d", "e"][usize::from(body % 5)].to_owned() };
    // An explicit id that equals the hash of a body meets that body.
    let ids = ["x".to_owned(), "y".to_owned(), super::sha256("a")];
    Message {
        id: match kind {
            3 => "0".to_owned(),
            4 => "not!".to_owned(),
            _ => position.to_string(),
        },
        body,
        delay: match rest % 16 {
            0 => Some(0),
            1 if !fifo || kind % 8 == 0 => Some(10),
            2 if kind % 8 == 0 => Some(901),
            _ => None,
        },
        group: if fifo {
            (group != 0).then(|| ["g", "h", "i"][usize::from(group % 3)].to_owned())
        } else {
            (group % 8 == 0).then(|| ["g", "h"][usize::from(group / 8 % 2)].to_owned())
        },
        deduplication: if fifo {
            (rest % 2 == 0).then(|| ids[usize::from(rest / 2 % 3)].clone())
        } else {
            (rest == 77).then(|| "x".to_owned())
        },
        size: match kind % 32 {
            9 => Some(2_048),
            10 => Some(2_049),
            11 => Some(300_000),
            _ => None,
        },
    }
}

fn call(draft: &Draft, steps: &[Step], fifo: bool) -> Call {
    let Draft { client, kind, queue, dice, .. } = *draft;
    let timeouts = [0, 5, 10, 30, 43_195, 43_200, 43_201, 60];
    match kind % 32 {
        0..=6 => Call::Send(queue, message(&dice, 0, fifo)),
        7..=9 => {
            let length = [2, 3, 4, 10, 11, 0, 2, 3][usize::from(dice[7] % 8)];
            let entry = |position: usize| {
                let shift = |number: usize| {
                    dice[(number + position) % 7].wrapping_add((position as u8).wrapping_mul(37))
                };
                message(&[shift(0), shift(1), shift(2), shift(3)], position, fifo)
            };
            // Dead-letter queues fill slowly by themselves.
            Call::SendBatch(usize::from(dice[6] % 2), (0..length).map(entry).collect())
        }
        10..=18 => Call::Receive {
            queue,
            maximum: [None, Some(10), Some(2), Some(3), Some(10), Some(1), Some(4), Some(10)]
                .get(usize::from(dice[0] % 9))
                .copied()
                .unwrap_or(Some(i64::from(dice[1] % 2) * 11)),
            wait: [None, None, Some(0), Some(0), Some(5), Some(20), Some(10), Some(21)]
                [usize::from(if dice[2] > 250 { 7 } else { dice[2] % 7 })],
            visibility: match dice[3] % 8 {
                0 => Some(0),
                1 => Some(10),
                2 => Some(30),
                3 if dice[4] > 240 => Some(43_201),
                4 => Some(43_200),
                _ => None,
            },
            attempt: (dice[5] < if fifo { 90 } else { 3 }).then_some(dice[5] % 2),
        },
        19..=21 => Call::Delete(queue, handle(client, dice[0], steps)),
        22 => {
            let length = [1, 2, 3, 4, 0, 11, 2, 2][usize::from(dice[7] % 8)];
            Call::DeleteBatch(
                queue,
                (0..length).map(|number: u8| handle(client, dice[0].wrapping_add(number), steps)).collect(),
            )
        }
        23..=24 => Call::Change(queue, handle(client, dice[0], steps), timeouts[usize::from(dice[1] % 8)]),
        25 => {
            let length = [1, 2, 3, 4, 0, 11, 2, 2][usize::from(dice[7] % 8)];
            let change = |number: u8| {
                let timeout = timeouts[usize::from(dice[1].wrapping_add(number) % 8)];
                (handle(client, dice[0].wrapping_add(number), steps), timeout)
            };
            Call::ChangeBatch(queue, (0..length).map(change).collect())
        }
        26 => Call::Purge(queue),
        27 => Call::Set(
            queue,
            match dice[0] % 12 {
                0 | 6 => Attribute::Visibility([0, 5, 10, 43_201][usize::from(dice[1] % 4)]),
                1 | 7 | 8 => Attribute::Delay([0, 5, 10, 901][usize::from(dice[1] % 4)]),
                2 | 9 => Attribute::Retention([60, 90, 59, 345_600][usize::from(dice[1] % 4)]),
                3 => Attribute::Wait([0, 5, 20, 21][usize::from(dice[1] % 4)]),
                4 => Attribute::MaximumSize([1_023, 1_024, 2_048, 2_000_000][usize::from(dice[1] % 4)]),
                _ => Attribute::MaxReceiveCount([0, 1, 2, 3][usize::from(dice[1] % 4)]),
            },
        ),
        28 => Call::Get(queue),
        29 => Call::Start {
            to_main: dice[0] % 2 == 0,
            rate: [None, Some(1), Some(2), Some(20), Some(1), Some(0), Some(501), Some(1)]
                [usize::from(dice[1] % 8)],
        },
        _ => {
            let is_start =
                |(_, step): &(usize, &Step)| step.client == client && matches!(step.call, Call::Start { .. });
            match steps.iter().enumerate().rfind(is_start) {
                Some((number, _)) if dice[0] % 2 == 0 => Call::Cancel(number),
                _ => Call::List,
            }
        }
    }
}
