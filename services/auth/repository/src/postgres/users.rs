//! Accounts in PostgreSQL.

use async_trait::async_trait;
use auth_entity::{AvatarUrl, Bio, Language, Login, PasswordHash, StatusText, TimeZone, User};
use auth_usecase::ports::{Account, InsertOutcome, Message, ReplaceOutcome, Users};
use database::postgres::{encode, violated_constraint};
use kernel::{StoreError, Timestamp, UserId};
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::columns;

/// The table `users`.
#[derive(Clone)]
pub struct PostgresUsers {
    store: PostgresStore,
}

impl PostgresUsers {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Users for PostgresUsers {
    async fn insert(&self, account: &Account) -> Result<InsertOutcome, StoreError> {
        let Account { user, password_hash } = account;
        let sql = "INSERT INTO auth.users (id, username, username_key, email, email_key, display_name, bio, avatar_url, \
                   status_text, language, time_zone, password_hash, created_at, disabled_at, profile_version) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let (username_key, email_key) = (user.username.key(), user.email.key());
        let values: &[&(dyn ToSql + Sync)] = &[
            &user.id.as_uuid(),
            &user.username.as_str(),
            &username_key,
            &user.email.as_str(),
            &email_key,
            &user.display_name.as_str(),
            &user.bio.as_ref().map(Bio::as_str),
            &user.avatar_url.as_ref().map(AvatarUrl::as_str),
            &user.status_text.as_ref().map(StatusText::as_str),
            &user.language.as_ref().map(Language::as_str),
            &user.time_zone.as_ref().map(TimeZone::as_str),
            &password_hash.as_phc(),
            &user.created_at.as_millis(),
            &columns::millis(user.disabled_at),
            &columns::version(user.profile_version),
        ];
        self.store
            .pool
            .write(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                match connection.execute(&statement, values).await {
                    Ok(_) => Ok(InsertOutcome::Inserted),
                    Err(error) => match violated_constraint(&error) {
                        Some("users_username_key") => Ok(InsertOutcome::UsernameTaken),
                        Some("users_email_key") => Ok(InsertOutcome::EmailTaken),
                        Some(_) | None => Err(error.into()),
                    },
                }
            })
            .await
    }

    async fn find_by_login(&self, login: &Login) -> Result<Option<Account>, StoreError> {
        let column = match login {
            Login::Username(_) => "username_key",
            Login::Email(_) => "email_key",
        };
        let sql = format!("SELECT {}, users.password_hash FROM auth.users WHERE {column} = $1", columns::USER);
        // Anybody may type anything here, and PostgreSQL takes no U+0000. No account has a name with its code.
        let key = encode(login.key());
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(&sql).await?;
                let Some(row) = connection.query_opt(&statement, &[&&*key]).await? else { return Ok(None) };
                let password_hash = PasswordHash::from_phc(row.try_get(columns::USER_LEN)?);
                Ok(Some(Account { user: columns::user(&row, 0)?, password_hash }))
            })
            .await
    }

    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let sql = format!("SELECT {} FROM auth.users WHERE id = $1", columns::USER);
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(&sql).await?;
                let row = connection.query_opt(&statement, &[&id.as_uuid()]).await?;
                row.map(|row| columns::user(&row, 0)).transpose()
            })
            .await
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        let sql = "UPDATE auth.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
        self.store
            .pool
            .write(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                connection.execute(&statement, &[&id.as_uuid(), &old.as_phc(), &new.as_phc()]).await?;
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
        let sql = "WITH replaced AS ( \
                     UPDATE auth.users SET display_name = $3, bio = $4, avatar_url = $5, status_text = $6, language = $7, \
                     time_zone = $8, profile_version = $2 WHERE id = $1 AND profile_version = $2::bigint - 1 RETURNING id \
                   ) INSERT INTO auth.outbox (message_id, subject, payload, created_at) \
                   SELECT $9, $10, $11, $12 FROM replaced";
        let values: &[&(dyn ToSql + Sync)] = &[
            &user.id.as_uuid(),
            &columns::version(user.profile_version),
            &user.display_name.as_str(),
            &user.bio.as_ref().map(Bio::as_str),
            &user.avatar_url.as_ref().map(AvatarUrl::as_str),
            &user.status_text.as_ref().map(StatusText::as_str),
            &user.language.as_ref().map(Language::as_str),
            &user.time_zone.as_ref().map(TimeZone::as_str),
            &message.id,
            &message.topic,
            &message.payload,
            &now.as_millis(),
        ];
        self.store
            .pool
            .write(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                let told = connection.execute(&statement, values).await?;
                Ok(if told == 1 { ReplaceOutcome::Replaced } else { ReplaceOutcome::Stale })
            })
            .await
    }
}
