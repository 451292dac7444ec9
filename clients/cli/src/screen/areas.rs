//! Which part of the screen is for what, by its size.

use ratatui::layout::Rect;

/// Below this nothing useful fits.
pub const MIN_WIDTH: u16 = 40;
/// Below this nothing useful fits.
pub const MIN_HEIGHT: u16 = 8;

/// The parts; none overlaps another, and all are within the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    /// From 60 columns.
    pub(super) rooms: Option<Rect>,
    /// One row.
    pub(super) header: Rect,
    pub(super) log: Rect,
    /// From 100 columns.
    pub(super) people: Option<Rect>,
    /// One row: who is typing, what can be completed, what went wrong.
    pub(super) hint: Rect,
    pub(super) input: Rect,
    /// One row.
    pub(super) status: Rect,
}

impl Areas {
    /// `None` when the screen is too small.
    pub(super) fn of(screen: Rect, input_rows: u16) -> Option<Self> {
        if screen.width < MIN_WIDTH || screen.height < MIN_HEIGHT {
            return None;
        }
        let rooms_width = if screen.width >= 60 { (screen.width / 5).clamp(16, 26) } else { 0 };
        let people_width = if screen.width >= 100 { 20 } else { 0 };
        let row = |y, height| Rect { x: screen.x, y, width: screen.width, height };
        let status = row(screen.bottom() - 1, 1);
        let input = row(status.y - input_rows, input_rows);
        let hint = row(input.y - 1, 1);
        let header = row(screen.y, 1);
        let body = row(header.bottom(), hint.y - header.bottom());
        let log = Rect { x: body.x + rooms_width, width: body.width - rooms_width - people_width, ..body };
        let side = |x, width| (width > 0).then_some(Rect { x, width, ..body });
        Some(Self {
            rooms: side(body.x, rooms_width),
            header,
            log,
            people: side(log.right(), people_width),
            hint,
            input,
            status,
        })
    }
}

/// What the input takes at its left: `> `.
pub(super) const PROMPT: &str = "> ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_fill_the_screen_without_overlapping(width in MIN_WIDTH..300, height in MIN_HEIGHT..100, wanted in 1u16..8) {
            let screen = Rect { x: 0, y: 0, width, height };
            let areas = Areas::of(screen, wanted.min(height / 3)).unwrap();
            let sides = [areas.rooms, areas.people].into_iter().flatten();
            let parts: Vec<Rect> = sides.chain([areas.header, areas.log, areas.hint, areas.input, areas.status]).collect();
            prop_assert_eq!(parts.iter().map(|part| part.area()).sum::<u32>(), screen.area());
            for (index, part) in parts.iter().enumerate() {
                prop_assert!(part.area() > 0 && screen.intersection(*part) == *part);
                prop_assert!(parts.iter().skip(index + 1).all(|other| !part.intersects(*other)));
            }
        }
    }

    #[test]
    fn a_screen_that_is_too_small_has_no_parts() {
        assert_eq!(Areas::of(Rect::new(0, 0, MIN_WIDTH - 1, 24), 1), None);
        assert_eq!(Areas::of(Rect::new(0, 0, 80, MIN_HEIGHT - 1), 1), None);
    }
}
