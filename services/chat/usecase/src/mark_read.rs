//! Saying how far one has read.

use chat_entity::Seq;
use kernel::{Principal, RoomId};

use crate::port::Passing;
use crate::{Chat, ReadError};

/// Why a mark was not set.
pub type MarkReadError = ReadError;

impl Chat {
    /// Moves the caller's read mark to `seq`, never back and never past the head, and tells where it is. The caller's
    /// other devices are told, and in small rooms everybody.
    pub async fn mark_read(&self, caller: &Principal, room: RoomId, seq: Seq) -> Result<Seq, MarkReadError> {
        let user = caller.user_id;
        let marked = self.ports.rooms.mark_read(user, room, seq).await?.granted()?;
        if marked.moved {
            let to_all = marked.member_count <= self.rules.read_marks_shown_up_to;
            self.ports.passing.tell(Passing::ReadMoved { room, user, read_seq: marked.read_seq, to_all });
        }
        Ok(marked.read_seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller};
    use crate::port::{Access, Marked};

    async fn mark(marked: Marked, told: Option<bool>) {
        let mut fixture = Fixture::default();
        fixture.rooms.expect_mark_read().returning(move |_, _, _| Ok(Access::Granted(marked)));
        fixture
            .passing
            .expect_tell()
            .withf(move |event| matches!(event, Passing::ReadMoved { to_all, .. } if Some(*to_all) == told))
            .times(usize::from(told.is_some()))
            .return_const(());
        let read = fixture.chat().mark_read(&caller(), RoomId::new(), Seq::new(9)).await.unwrap();
        assert_eq!(read, marked.read_seq);
    }

    #[tokio::test]
    async fn a_mark_that_moves_is_told_and_one_that_stays_is_not() {
        let read_seq = Seq::new(5);
        mark(Marked { read_seq, moved: true, member_count: 100 }, Some(true)).await;
        mark(Marked { read_seq, moved: true, member_count: 101 }, Some(false)).await;
        mark(Marked { read_seq, moved: false, member_count: 2 }, None).await;
    }
}
