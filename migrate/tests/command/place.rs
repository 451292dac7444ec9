//! A store of either kind: the command runs on it, and a test can look into it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::types::ValueRef;
use tempfile::TempDir;
use testkit::PostgresServer;
use tokio::process::Command;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// An empty store.
pub(crate) struct Place {
    home: TempDir,
    /// Without one it is the embedded store.
    url: Option<String>,
}

/// What the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What was printed, when it ended with this code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        format!("{}{}", self.out, self.err)
    }
}

impl Place {
    pub(crate) fn embedded() -> Self {
        Self { home: tempfile::tempdir().unwrap(), url: None }
    }

    pub(crate) async fn postgres() -> Self {
        let url = PostgresServer::shared().await.create_database().await;
        Self { home: tempfile::tempdir().unwrap(), url: Some(url) }
    }

    pub(crate) async fn both() -> [Self; 2] {
        [Self::embedded(), Self::postgres().await]
    }

    /// The directory in `migrate/sql` and `migrate/undo`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.url.is_some() { "postgres" } else { "sqlite" }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The command, on this store.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        command.args(arguments.split_whitespace()).env_clear().current_dir(self.home.path()).kill_on_drop(true);
        match &self.url {
            Some(url) => command.env("POSTGRES_URL", url),
            None => command.env("DATA_DIR", self.data_dir()),
        };
        command
    }

    pub(crate) async fn run(&self, arguments: &str) -> Said {
        end(self.command(arguments)).await
    }

    /// The rows of a query in a service's schema, each as text with `|` between its columns.
    pub(crate) async fn rows(&self, service: &str, sql: &str) -> Vec<String> {
        match &self.url {
            Some(url) => postgres_rows(url, service, sql).await,
            None => sqlite_rows(&self.data_dir().join(format!("{service}.db")), sql),
        }
    }

    /// What the schema is made of, but for the history of the migrations.
    pub(crate) async fn catalog(&self, service: &str) -> BTreeSet<String> {
        let rows = match self.url {
            Some(_) => self.rows(service, POSTGRES_CATALOG).await,
            None => self.rows(service, SQLITE_CATALOG).await,
        };
        // SQLite keeps a definition as it was written, and what was added and dropped since leaves spaces behind.
        let one_line =
            |row: String| row.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",").replace(" )", ")");
        rows.into_iter().map(one_line).collect()
    }

    /// The tables and their columns.
    pub(crate) async fn tables(&self, service: &str) -> BTreeMap<String, BTreeSet<String>> {
        let sql = match self.url {
            Some(_) => POSTGRES_COLUMNS,
            None => SQLITE_COLUMNS,
        };
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.rows(service, sql).await {
            let (table, column) = row.split_once('|').unwrap();
            tables.entry(table.to_owned()).or_default().insert(column.to_owned());
        }
        tables
    }
}

/// Runs a command to its end.
pub(crate) async fn end(mut command: Command) -> Said {
    let output = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

const SQLITE_CATALOG: &str = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%' \
     AND name NOT LIKE 'sqlite_%'";
const SQLITE_COLUMNS: &str = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'refinery%' AND t.name NOT LIKE 'sqlite_%'";
const POSTGRES_CATALOG: &str = "
    SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attidentity::text,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname !~ '^refinery'
    UNION ALL
    SELECT 'relation', relname, relkind::text, reloptions::text, pg_get_expr(relpartbound, oid), '', ''
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname !~ '^refinery'
    UNION ALL
    SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(oid), '', '', ''
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND conname !~ '^refinery'
    UNION ALL
    SELECT 'index', indexname, tablename, indexdef, '', '', ''
    FROM pg_indexes WHERE schemaname = current_schema() AND indexname !~ '^refinery'
    UNION ALL
    SELECT 'view', viewname, definition, '', '', '', '' FROM pg_views WHERE schemaname = current_schema()
    UNION ALL
    SELECT 'function', oid::regprocedure::text, pg_get_functiondef(oid), '', '', '', ''
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace";
const POSTGRES_COLUMNS: &str = "SELECT c.relname, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname !~ '^refinery'";

fn sqlite_rows(path: &std::path::Path, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let columns: Vec<_> = (0..width).map(|column| text(row.get_ref(column).unwrap())).collect();
        Ok(columns.join("|"))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

async fn postgres_rows(url: &str, service: &str, sql: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("SET search_path = {service}")).await.unwrap();
    let found = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    drop(client);
    connection.await.unwrap().unwrap();
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => {
            let columns: Vec<_> = (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect();
            Some(columns.join("|"))
        }
        _ => None,
    };
    found.into_iter().filter_map(row).collect()
}
