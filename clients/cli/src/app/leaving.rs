//! How a conversation ends, and what is left over from it.

use kernel::UserId;
use natter_client::{Ended, NewMessage};

use super::App;
use crate::screen::{Signal, Status};

/// How the conversation has ended.
pub(crate) enum Parted {
    /// Its user wanted to leave.
    Quit,
    /// Its user has ended the session.
    SignedOut,
    /// The session is over: sign in again, and go on with what was being typed.
    SessionEnded { why: String, left_over: LeftOver },
    /// By a signal.
    BySignal(Signal),
}

/// What was being written when a session ended: whoever signs in again goes on with it.
#[derive(Default)]
pub(crate) struct LeftOver {
    /// Whose it is.
    pub(super) user: Option<UserId>,
    pub(super) draft: String,
    /// Messages that nobody has acknowledged, in order. They are sent under the same ids, so that none arrives twice.
    pub(super) unsent: Vec<NewMessage>,
}

/// A message that is not acknowledged yet.
pub(super) struct Unsent {
    /// Its place among those that were sent.
    pub(super) place: u64,
    pub(super) message: NewMessage,
}

impl App {
    pub(super) fn quit(&mut self) {
        if self.may_part() {
            self.parted = Some(Parted::Quit);
        }
    }

    /// Whether everything is sent; if not, that is said first, once.
    pub(super) fn may_part(&mut self) -> bool {
        if self.unsent.is_empty() || std::mem::replace(&mut self.was_warned, true) {
            return true;
        }
        let what = match self.unsent.len() {
            1 => "A message has not been sent yet".to_owned(),
            many => format!("{many} messages have not been sent yet"),
        };
        self.screen.set_hint(format!("{what}. Once more leaves without sending."));
        false
    }

    /// The connection is gone for good.
    pub(super) fn part(&mut self, ended: Ended) {
        match ended {
            Ended::SessionEnded(_) if self.is_signing_out => {}
            Ended::SessionEnded(why) => {
                self.parted = Some(Parted::SessionEnded { why, left_over: self.left_over() });
            }
            Ended::Refused(why) => self.view.status = Status::Ended { why },
            // By ourselves, when we leave.
            Ended::Closed => {}
        }
    }

    fn left_over(&mut self) -> LeftOver {
        let mut unsent: Vec<Unsent> = std::mem::take(&mut self.unsent).into_values().collect();
        unsent.sort_unstable_by_key(|unsent| unsent.place);
        LeftOver {
            user: Some(self.client.user_id()),
            draft: self.screen.draft().to_owned(),
            unsent: unsent.into_iter().map(|unsent| unsent.message).collect(),
        }
    }
}
