//! What undoing migrations takes away, as the heads of their undo files say.
//!
//! Each undo file names the tables and columns that go with it: `-- loses: events, users.membership_no`. What the migration
//! fills by itself is named apart, `-- remakes: epoch`: nobody misses it. Both stores have the same names; whether they
//! are the right ones is tested against what really disappears.

/// The marks of the lines that name what goes.
const LOSES: &str = "-- loses: ";
const REMAKES: &str = "-- remakes: ";

/// A table or a column with something in it that would go away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// `chat.events` for a table, `chat.users.membership_no` for a column.
    pub what: String,
    /// Rows of the table, or of those that have a value in the column.
    pub rows: i64,
}

/// A table or a column that an undo file drops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped<'u> {
    /// The table, without its schema.
    pub table: &'u str,
    /// The column, where it is not the whole table.
    pub column: Option<&'u str>,
    /// Whether going up again makes the same content.
    pub is_remade: bool,
}

/// What these undo files drop together: no column of a table that goes as a whole.
pub fn dropped<'u>(undos: &[&'u str]) -> Vec<Dropped<'u>> {
    let all: Vec<_> = undos.iter().flat_map(|undo| undo.lines()).flat_map(of_line).collect();
    let goes = |table: &str| all.iter().any(|one| one.table == table && one.column.is_none());
    all.iter().filter(|one| one.column.is_none() || !goes(one.table)).copied().collect()
}

fn of_line(line: &str) -> impl Iterator<Item = Dropped<'_>> {
    let loses = line.strip_prefix(LOSES).map(|names| (names, false));
    let named = loses.or_else(|| line.strip_prefix(REMAKES).map(|names| (names, true)));
    named.into_iter().flat_map(|(names, is_remade)| {
        names.split(',').map(str::trim).map(move |name| match name.split_once('.') {
            Some((table, column)) => Dropped { table, column: Some(column), is_remade },
            None => Dropped { table: name, column: None, is_remade },
        })
    })
}

impl Dropped<'_> {
    /// The statement that counts what would be missed; `schema` goes before the table's name and has its dot.
    pub(crate) fn count(&self, schema: &str) -> String {
        let Self { table, column, .. } = self;
        match column {
            Some(column) => format!("SELECT count(\"{column}\") FROM {schema}\"{table}\""),
            None => format!("SELECT count(*) FROM {schema}\"{table}\""),
        }
    }

    /// With so many rows.
    pub(crate) fn with(&self, service: &str, rows: i64) -> Loss {
        let column = self.column.map(|column| format!(".{column}")).unwrap_or_default();
        Loss { what: format!("{service}.{}{column}", self.table), rows }
    }
}

/// Losses in words, one on each line.
pub fn list(losses: &[Loss]) -> String {
    let width = losses.iter().map(|loss| loss.what.len()).max().unwrap_or(0);
    let line = |loss: &Loss| {
        let rows = if loss.rows == 1 { "row" } else { "rows" };
        format!("  {:width$}  {} {rows}", loss.what, loss.rows)
    };
    losses.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(undos: &[&str]) -> Vec<String> {
        dropped(undos).iter().map(|one| one.with("chat", 1).what).collect()
    }

    #[test]
    fn tables_and_columns_are_read_from_the_head_of_an_undo_file() {
        let undo = "-- Why.\n-- loses: events, users.number\n-- loses: rooms\n-- remakes: epoch\n\nDROP TABLE events;";
        assert_eq!(names(&[undo]), ["chat.events", "chat.users.number", "chat.rooms", "chat.epoch"]);
        assert_eq!(dropped(&[undo]).iter().filter(|one| one.is_remade).count(), 1);
        assert_eq!(names(&["-- It loses nothing.\nDROP INDEX x;"]), [""; 0]);
    }

    #[test]
    fn a_column_of_a_table_that_goes_is_not_told_twice() {
        assert_eq!(
            names(&["-- loses: users.number, rooms.title", "-- loses: users"]),
            ["chat.rooms.title", "chat.users"]
        );
    }
}
