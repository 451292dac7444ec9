//! Accounts in SQLite.

use async_trait::async_trait;
use auth_entity::{AvatarUrl, Bio, Language, Login, PasswordHash, StatusText, TimeZone, User};
use auth_usecase::ports::{Account, InsertOutcome, Message, ReplaceOutcome, Users};
use database::sqlite::{Readers, Writer, violated_unique};
use kernel::{StoreError, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{columns, outbox};

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

    async fn replace_profile(
        &self,
        user: &User,
        message: &Message,
        now: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        let (user, message) = (user.clone(), message.clone());
        self.writer
            .write(move |tx| {
                let outcome = replace_profile(tx.connection(), &user)?;
                if outcome == ReplaceOutcome::Replaced {
                    outbox::add(tx.connection(), &message, now)?;
                }
                Ok(outcome)
            })
            .await
    }
}

fn insert(connection: &Connection, account: &Account) -> rusqlite::Result<InsertOutcome> {
    let sql = "INSERT INTO users (id, username, username_key, email, email_key, display_name, bio, avatar_url, \
               status_text, language, time_zone, password_hash, created_at, disabled_at, profile_version) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    let Account { user, password_hash } = account;
    let inserted = connection.prepare_cached(sql)?.execute(params![
        user.id.as_bytes(),
        user.username.as_str(),
        user.username.key(),
        user.email.as_str(),
        user.email.key(),
        user.display_name.as_str(),
        user.bio.as_ref().map(Bio::as_str),
        user.avatar_url.as_ref().map(AvatarUrl::as_str),
        user.status_text.as_ref().map(StatusText::as_str),
        user.language.as_ref().map(Language::as_str),
        user.time_zone.as_ref().map(TimeZone::as_str),
        password_hash.as_phc(),
        user.created_at.as_millis(),
        user.disabled_at.map(Timestamp::as_millis),
        columns::version(user.profile_version),
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

fn replace_profile(connection: &Connection, user: &User) -> rusqlite::Result<ReplaceOutcome> {
    let sql = "UPDATE users SET display_name = ?3, bio = ?4, avatar_url = ?5, status_text = ?6, language = ?7, \
               time_zone = ?8, profile_version = ?2 WHERE id = ?1 AND profile_version = ?2 - 1";
    let replaced = connection.prepare_cached(sql)?.execute(params![
        user.id.as_bytes(),
        columns::version(user.profile_version),
        user.display_name.as_str(),
        user.bio.as_ref().map(Bio::as_str),
        user.avatar_url.as_ref().map(AvatarUrl::as_str),
        user.status_text.as_ref().map(StatusText::as_str),
        user.language.as_ref().map(Language::as_str),
        user.time_zone.as_ref().map(TimeZone::as_str),
    ])?;
    Ok(if replaced == 1 { ReplaceOutcome::Replaced } else { ReplaceOutcome::Stale })
}
