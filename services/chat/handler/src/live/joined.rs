//! What was said in a room while a worker was busy, as one delivery: each socket takes it in one piece.

use bytes::{Bytes, BytesMut};
use indexmap::IndexMap;
use kernel::RoomId;

use super::fanout::Delivery;

/// Bytes of a joined frame at most. A socket whose queue is nearly full must not be given much at once.
const MAX_BYTES: usize = 32 * 1024;

/// Takes deliveries and joins those that follow each other in one room. Each room's stay in their order; those of two
/// rooms may change places, which nobody is promised anything about.
pub(super) fn joined(log: &mut Vec<Delivery>) -> Vec<Delivery> {
    if log.len() == 1 {
        return std::mem::take(log);
    }
    let mut rooms: IndexMap<RoomId, Vec<Delivery>> = IndexMap::new();
    for delivery in log.drain(..) {
        rooms.entry(delivery.room).or_default().push(delivery);
    }
    let mut all = Vec::with_capacity(rooms.len());
    for deliveries in rooms.into_values() {
        let mut run: Vec<Delivery> = Vec::new();
        let mut bytes = 0;
        for delivery in deliveries {
            let follows = run
                .last()
                .is_some_and(|last| last.last.next() == delivery.seq && last.left.is_none() && delivery.left.is_none());
            if !follows || bytes + delivery.frame.len() > MAX_BYTES {
                all.extend(join(&mut run, bytes));
                bytes = 0;
            }
            bytes += delivery.frame.len();
            run.push(delivery);
        }
        all.extend(join(&mut run, bytes));
    }
    all
}

/// One delivery of a run.
fn join(run: &mut Vec<Delivery>, bytes: usize) -> Option<Delivery> {
    if run.len() < 2 {
        return run.pop();
    }
    let mut frames = BytesMut::with_capacity(bytes);
    run.iter().for_each(|delivery| frames.extend_from_slice(&delivery.frame));
    let last = run.last()?.last;
    let first = run.drain(..).next()?;
    Some(Delivery { last, frame: Bytes::from(frames), ..first })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_entity::Seq;
    use kernel::UserId;

    fn delivery(room: RoomId, seq: u64, text: &'static str) -> Delivery {
        let seq = Seq::new(seq);
        Delivery { room, seq, last: seq, left: None, frame: Bytes::from_static(text.as_bytes()) }
    }

    fn what(joined: &[Delivery]) -> Vec<(u64, u64, &[u8])> {
        joined.iter().map(|one| (one.seq.get(), one.last.get(), &one.frame[..])).collect()
    }

    #[test]
    fn what_follows_is_joined_by_room() {
        let (one, other) = (RoomId::new(), RoomId::new());
        let mut log = vec![
            delivery(one, 7, "a"),
            delivery(other, 3, "x"),
            delivery(one, 8, "b"),
            delivery(one, 9, "c"),
            delivery(other, 4, "y"),
        ];
        assert_eq!(what(&joined(&mut log)), [(7, 9, &b"abc"[..]), (3, 4, b"xy")]);
        assert!(log.is_empty());
    }

    #[test]
    fn a_gap_a_repeat_and_a_leaving_stand_apart() {
        let room = RoomId::new();
        let left = Delivery { left: Some(UserId::new()), ..delivery(room, 11, "l") };
        let mut log = vec![
            delivery(room, 7, "a"),
            delivery(room, 9, "b"),
            delivery(room, 9, "b"),
            delivery(room, 10, "c"),
            left,
            delivery(room, 12, "d"),
        ];
        let expected = [(7, 7, &b"a"[..]), (9, 9, b"b"), (9, 10, b"bc"), (11, 11, b"l"), (12, 12, b"d")];
        assert_eq!(what(&joined(&mut log)), expected);
    }

    #[test]
    fn a_joined_frame_is_bounded() {
        let room = RoomId::new();
        let frame = Bytes::from(vec![b'x'; MAX_BYTES / 2]);
        let seq = |seq| Seq::new(seq);
        let mut log: Vec<_> =
            (1..=5).map(|n| Delivery { room, seq: seq(n), last: seq(n), left: None, frame: frame.clone() }).collect();
        let joined = joined(&mut log);
        assert_eq!(
            joined.iter().map(|one| (one.seq.get(), one.last.get())).collect::<Vec<_>>(),
            [(1, 2), (3, 4), (5, 5)]
        );
        assert!(joined.iter().all(|one| one.frame.len() <= MAX_BYTES));
    }
}
