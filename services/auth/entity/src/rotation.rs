//! What a refresh token that was presented means: the rule that catches a stolen one (I17).

use std::time::Duration;

use kernel::Timestamp;

/// How long a token that was already used still gives its successor: an answer may be lost in a short outage.
pub const GRACE: Duration = Duration::from_secs(60);

/// What follows from presenting a refresh token of some generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rotation {
    /// It is the current one: the next generation begins.
    Rotate,
    /// It was used a moment ago: its holder gets the successor that was made then.
    SameSuccessor,
    /// It was used long ago, so two hold it: the session ends.
    Reused,
    /// We never gave it out.
    Foreign,
}

/// Judges a presented generation. `rotated_at` is when the current generation began, `None` for the first.
///
/// Only the token just before the current one has a grace. A clock that went back counts as no time passed.
pub fn rotation(
    presented: u32,
    current: u32,
    rotated_at: Option<Timestamp>,
    now: Timestamp,
    grace: Duration,
) -> Rotation {
    if presented > current {
        return Rotation::Foreign;
    }
    if presented == current {
        return Rotation::Rotate;
    }
    let fresh = rotated_at.is_some_and(|rotated_at| now.since(rotated_at) <= grace);
    if presented + 1 == current && fresh { Rotation::SameSuccessor } else { Rotation::Reused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_grace_ends_after_60_seconds() {
        let judge = |now| rotation(4, 5, Some(at(100)), now, GRACE);
        assert_eq!(judge(at(100)), Rotation::SameSuccessor);
        assert_eq!(judge(at(160)), Rotation::SameSuccessor);
        assert_eq!(judge(at(160).plus(Duration::from_millis(1))), Rotation::Reused);
        assert_eq!(judge(at(50)), Rotation::SameSuccessor, "the clock went back");
    }

    proptest! {
        #[test]
        fn exactly_one_generation_rotates(presented in 0u32..50, current in 0u32..50, rotated in 0u64..1000, now in 0u64..1000) {
            let judged = rotation(presented, current, Some(at(rotated)), at(now), GRACE);
            prop_assert_eq!(judged == Rotation::Rotate, presented == current);
            prop_assert_eq!(judged == Rotation::Foreign, presented > current);
            if judged == Rotation::SameSuccessor {
                prop_assert_eq!(presented + 1, current);
                prop_assert!(now <= rotated + 60);
            }
        }

        #[test]
        fn no_numbers_overflow(presented: u32, current: u32, now: i64) {
            rotation(presented, current, None, Timestamp::from_millis(now), GRACE);
        }
    }
}
