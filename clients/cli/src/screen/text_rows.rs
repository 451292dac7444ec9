//! Where each character of the input stands, so that the cursor can be drawn and moved up and down.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::clean::shown;

/// A place on the screen, from the upper left corner of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// A text in rows of some width, broken at graphemes.
#[derive(Debug)]
pub(super) struct TextRows {
    pub(super) rows: Vec<String>,
    /// Each grapheme's first byte, and where it stands; the last is for the end of the text.
    places: Vec<(usize, Place)>,
}

impl TextRows {
    pub(super) fn new(text: &str, width: usize) -> Self {
        let mut rows = vec![String::new()];
        let mut places = Vec::new();
        let mut column = 0;
        for (byte, grapheme) in text.grapheme_indices(true) {
            let is_break = grapheme == "\n";
            let shown = shown(grapheme);
            let cells = usize::from(shown.cell_width());
            // A line break has a cell too: the cursor must stand somewhere when it is on it.
            if column > 0 && column + cells.max(1) > width {
                rows.push(String::new());
                column = 0;
            }
            places.push((byte, Place { row: rows.len() - 1, column }));
            if is_break {
                rows.push(String::new());
                column = 0;
            } else {
                if let Some(row) = rows.last_mut() {
                    row.push_str(&shown);
                }
                column += cells;
            }
        }
        if column > 0 && column >= width {
            rows.push(String::new());
            column = 0;
        }
        places.push((text.len(), Place { row: rows.len() - 1, column }));
        Self { rows, places }
    }

    /// Where the grapheme stands that begins at this byte.
    pub(super) fn place(&self, byte: usize) -> Place {
        let index = self.places.partition_point(|(at, _)| *at < byte).min(self.places.len() - 1);
        self.places[index].1
    }

    /// The byte of the grapheme at this place, or of the last one before it in its row.
    pub(super) fn byte(&self, place: Place) -> Option<usize> {
        let in_row = self.places.iter().filter(|(_, other)| other.row == place.row);
        in_row.take_while(|(_, other)| other.column <= place.column).last().map(|(byte, _)| *byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_full_but_never_cut_a_wide_character() {
        let rows = TextRows::new("abc漢d\ne", 4);
        assert_eq!(rows.rows, ["abc", "漢d", "e"]);
        assert_eq!(rows.place(3), Place { row: 1, column: 0 });
        assert_eq!(rows.place(9), Place { row: 2, column: 1 });
    }

    #[test]
    fn the_cursor_behind_a_full_row_stands_in_the_next() {
        let rows = TextRows::new("abcd", 4);
        assert_eq!(rows.place(4), Place { row: 1, column: 0 });
    }

    #[test]
    fn a_place_between_two_columns_belongs_to_the_character_before() {
        let rows = TextRows::new("a漢b\nxyz", 10);
        assert_eq!(rows.byte(Place { row: 0, column: 2 }), Some(1));
        assert_eq!(rows.byte(Place { row: 1, column: 9 }), Some(9));
        assert_eq!(rows.byte(Place { row: 2, column: 0 }), None);
    }
}
