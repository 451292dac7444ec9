//! Everything that has a deadline, looked at a few times a second: one task for a worker, not a timer for each socket.

use std::rc::Rc;

use contract::events::{Expiry, PassingEvent};
use contract::frames::close;
use tokio::time::{Instant, MissedTickBehavior};

use super::frame;
use super::shard::Shard;
use super::socket::{Ending, Socket};
use super::wakefulness::PAUSE;

impl Shard {
    pub(super) async fn sweep(self: Rc<Self>) {
        let mut ticks = tokio::time::interval(self.live.settings.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = Instant::now();
        loop {
            ticks.tick().await;
            self.wakefulness.look();
            let now = Instant::now();
            if now - std::mem::replace(&mut before, now) >= PAUSE {
                // It was this process that was silent, not they.
                self.all_sockets().iter().for_each(|socket| socket.heard_at.set(now));
            }
            for socket in self.all_sockets() {
                self.look_at(&socket, now);
            }
            let expired = self.typing.borrow_mut().expired(now);
            for (room, user) in expired {
                self.live.chat.tell_typing(user, room, false);
            }
        }
    }

    fn look_at(&self, socket: &Socket, now: Instant) {
        let settings = &self.live.settings;
        if let Some(close_by) = socket.close_by.get() {
            if now >= close_by {
                // The peer does not take what it is sent, or does not answer a close.
                socket.outbox.cut();
            }
            return;
        }
        if now - socket.heard_at.get() >= settings.heartbeat + settings.silence_grace {
            return self.close(socket, &Ending::new(close::NO_HEARTBEAT, "no sign of life"));
        }
        let is_late = now - socket.opened_at >= settings.start_within;
        if is_late && !socket.has_asked_to_start.get() {
            return self.close(socket, &Ending::new(close::NO_HEARTBEAT, "no start in time"));
        }
        let clock = self.live.clock.now();
        let expires_at = socket.expires_at.get();
        if clock >= expires_at.plus(settings.expiry_grace) {
            return self.close(socket, &Ending::new(close::TOKEN_EXPIRED, "the access token has expired"));
        }
        if clock.plus(settings.expiry_notice) >= expires_at && !socket.was_warned.replace(true) {
            let expiring = PassingEvent::SessionExpiring { data: Expiry { expires_at } };
            socket.send(frame::json(&expiring), settings.close_within);
        }
        if now - socket.pinged_at.get() >= settings.heartbeat {
            socket.pinged_at.set(now);
            socket.send(frame::ping(), settings.close_within);
        }
    }
}
