//! Accounts in SQLite.

use async_trait::async_trait;
use auth_entity::{Login, PasswordHash, User};
use auth_usecase::ports::{Account, InsertOutcome, Users};
use database::sqlite::{Readers, Writer, violated_unique};
use kernel::{StoreError, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::columns;

/// The table `users`.
#[derive(Clone)]
pub struct SqliteUsers {
    writer: Writer<()>,
    readers: Readers,
}

impl SqliteUsers {
    /// On a database that is migrated.
    pub fn new(writer: Writer<()>, readers: Readers) -> Self {
        Self { writer, readers }
    }
}

#[async_trait]
impl Users for SqliteUsers {
    async fn insert(&self, account: &Account) -> Result<InsertOutcome, StoreError> {
        let account = account.clone();
        self.writer.write(move |tx| insert(tx.connection(), &account)).await
    }

    async fn find_by_login(&self, login: &Login) -> Result<Option<Account>, StoreError> {
        let login = login.clone();
        self.readers
            .read(move |connection| {
                let column = match login {
                    Login::Username(_) => "username_key",
                    Login::Email(_) => "email_key",
                };
                let sql = format!("SELECT {}, password_hash FROM users WHERE {column} = ?1", columns::USER);
                let account = |row: &rusqlite::Row<'_>| {
                    let hash = PasswordHash::from_phc(row.get(columns::USER_LEN)?);
                    Ok(Account { user: columns::user(row, 0)?, password_hash: hash })
                };
                connection.prepare_cached(&sql)?.query_row([login.key()], account).optional()
            })
            .await
    }

    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.readers
            .read(move |connection| {
                let sql = format!("SELECT {} FROM users WHERE id = ?1", columns::USER);
                connection.prepare_cached(&sql)?.query_row([id.as_bytes()], |row| columns::user(row, 0)).optional()
            })
            .await
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.writer
            .write(move |tx| {
                let sql = "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
                tx.connection().prepare_cached(sql)?.execute(params![id.as_bytes(), old.as_phc(), new.as_phc()])?;
                Ok(())
            })
            .await
    }
}

fn insert(connection: &Connection, account: &Account) -> rusqlite::Result<InsertOutcome> {
    let sql = "INSERT INTO users (id, username, username_key, email, email_key, display_name, bio, avatar_url, \
               status_text, language, time_zone, password_hash, created_at, disabled_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let Account { user, password_hash } = account;
    let inserted = connection.prepare_cached(sql)?.execute(params![
        user.id.as_bytes(),
        user.username.as_str(),
        user.username.key(),
        user.email.as_str(),
        user.email.key(),
        user.display_name.as_str(),
        user.bio,
        user.avatar_url,
        user.status_text,
        user.language,
        user.time_zone,
        password_hash.as_phc(),
        user.created_at.as_millis(),
        user.disabled_at.map(kernel::Timestamp::as_millis),
    ]);
    match inserted {
        Ok(_) => Ok(InsertOutcome::Inserted),
        Err(error) => match violated_unique(&error) {
            Some("users.username_key") => Ok(InsertOutcome::UsernameTaken),
            Some("users.email_key") => Ok(InsertOutcome::EmailTaken),
            Some(_) | None => Err(error),
        },
    }
}
