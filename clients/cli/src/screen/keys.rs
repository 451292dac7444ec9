//! What each key does.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::input::Edit;
use super::view::View;
use super::{Action, Screen};
use crate::completion::{Completion, Names};

const LEAVE_HINT: &str = "Press Ctrl-C again to leave, or Ctrl-D";
const HELP_HINT: &str = "/help or F1 explains the commands";

impl Screen {
    /// Takes an event in and says what follows from it, in order. Whatever it was, draw afterwards.
    pub fn handle(&mut self, event: Event, view: &View, names: &Names) -> Vec<Action> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, view, names),
            Event::Paste(text) => {
                self.forget_the_last_key();
                self.completion = None;
                let edit = self.input.paste(&text);
                self.edited(edit)
            }
            _ => Vec::new(),
        }
    }

    fn forget_the_last_key(&mut self) {
        self.hint = None;
    }

    fn key(&mut self, key: KeyEvent, view: &View, names: &Names) -> Vec<Action> {
        self.forget_the_last_key();
        let may_leave = std::mem::take(&mut self.may_leave);
        match key.code {
            KeyCode::Tab => return self.complete(names, Completion::next),
            KeyCode::BackTab => return self.complete(names, Completion::previous),
            KeyCode::Esc => return self.undo_completion(),
            _ => self.completion = None,
        }
        if key.modifiers.contains(KeyModifiers::CONTROL)
            && let Some(actions) = self.control(key.code, may_leave, view)
        {
            return actions;
        }
        if key.modifiers.contains(KeyModifiers::ALT)
            && let Some(action) = room(key.code)
        {
            return vec![action];
        }
        if let Some(actions) = self.scroll(key, view) {
            return actions;
        }
        if key.code == KeyCode::F(1) {
            return vec![Action::Submit("/help".to_owned())];
        }
        let edit = self.input.key(key);
        self.edited(edit)
    }

    fn control(&mut self, code: KeyCode, may_leave: bool, view: &View) -> Option<Vec<Action>> {
        let KeyCode::Char(letter) = code else { return None };
        match letter.to_ascii_lowercase() {
            'c' if !self.input.is_empty() => {
                self.input.clear();
                Some(self.edited(Edit::Changed))
            }
            'c' if may_leave => Some(vec![Action::Quit]),
            'c' => {
                self.may_leave = true;
                self.hint = Some(LEAVE_HINT.to_owned());
                Some(Vec::new())
            }
            'd' if self.input.is_empty() => Some(vec![Action::Quit]),
            'z' => Some(vec![Action::Suspend]),
            'l' => Some(vec![Action::Redraw]),
            'n' if view.rooms.len() > 1 => Some(vec![Action::NextRoom]),
            'p' if view.rooms.len() > 1 => Some(vec![Action::PreviousRoom]),
            _ => None,
        }
    }

    fn scroll(&mut self, key: KeyEvent, view: &View) -> Option<Vec<Action>> {
        let log = &view.log;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        // A row of the page before stays in sight, so that one finds the place.
        let page = self.pane.height().saturating_sub(1).max(1);
        let was_newest = self.shows_newest();
        match key.code {
            KeyCode::PageUp => self.pane.up(log, page),
            KeyCode::PageDown => self.pane.down(log, page),
            KeyCode::Up if shift => self.pane.up(log, 1),
            KeyCode::Down if shift => self.pane.down(log, 1),
            KeyCode::Home if control || self.input.is_empty() => self.pane.show_oldest(log),
            KeyCode::End if control || self.input.is_empty() => self.pane.show_newest(),
            _ => return None,
        }
        let mut actions = Vec::new();
        if self.shows_newest() && !was_newest {
            actions.push(Action::Read);
        }
        if self.wants_older(view) {
            actions.push(Action::LoadOlder);
        }
        Some(actions)
    }

    fn edited(&mut self, edit: Edit) -> Vec<Action> {
        match edit {
            Edit::Changed => {
                if self.input.text() == "?" {
                    self.hint = Some(HELP_HINT.to_owned());
                }
                self.typing()
            }
            Edit::Submitted(text) => {
                let mut actions = vec![Action::Submit(text)];
                actions.extend(self.typing());
                if !self.shows_newest() {
                    self.pane.show_newest();
                    actions.push(Action::Read);
                }
                actions
            }
            Edit::Refused(full) => {
                self.hint = Some(full.to_string());
                Vec::new()
            }
            Edit::Moved | Edit::Ignored => Vec::new(),
        }
    }

    /// Only a message is worth telling others about.
    fn typing(&mut self) -> Vec<Action> {
        let text = self.input.text();
        let is_message = !text.trim().is_empty() && (!text.starts_with('/') || text.starts_with("//"));
        match (std::mem::replace(&mut self.is_typing, is_message), is_message) {
            (_, true) => vec![Action::Typing],
            (true, false) => vec![Action::StoppedTyping],
            (false, false) => Vec::new(),
        }
    }

    fn complete(&mut self, names: &Names, step: fn(&mut Completion)) -> Vec<Action> {
        match &mut self.completion {
            Some(completion) => step(completion),
            None => self.completion = Completion::begin(self.input.text(), self.input.cursor(), names),
        }
        let Some(completion) = &self.completion else { return Vec::new() };
        let (text, cursor) = completion.apply();
        self.input.set(text, cursor);
        if completion.candidates().len() == 1 {
            // The word is finished: the next Tab is about the next one.
            self.completion = None;
        }
        self.typing()
    }

    fn undo_completion(&mut self) -> Vec<Action> {
        let Some(completion) = self.completion.take() else { return Vec::new() };
        let (text, cursor) = completion.undo();
        self.input.set(text, cursor);
        self.typing()
    }
}

fn room(code: KeyCode) -> Option<Action> {
    match code {
        KeyCode::Up => Some(Action::PreviousRoom),
        KeyCode::Down => Some(Action::NextRoom),
        KeyCode::Char(digit @ '1'..='9') => digit.to_digit(10).map(|digit| Action::RoomNumber(digit as usize)),
        _ => None,
    }
}
