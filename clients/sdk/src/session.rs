//! One sign-in: its tokens, refreshed ahead of their end, by one task at a time.

use std::sync::Arc;
use std::time::Duration;

use contract::auth::{RefreshAnswer, RefreshRequest, Secret, SignInAnswer};
use kernel::{Clock, SessionId, SystemClock, UserId};
use reqwest::Method;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::Error;
use crate::http::{Call, Http};
use crate::session_file::{SavedSession, SessionFile};

/// A token is replaced when less than this is left of it, or a third of its life if that is shorter.
const AHEAD: Duration = Duration::from_secs(60);

/// How often a refused token is replaced for one call. The first other one may be of whoever shares the file, and refused
/// as well when our clock is wrong.
const REPLACED_AT_MOST: u32 = 2;

/// The tokens of one sign-in. Clones share them.
#[derive(Clone)]
pub(crate) struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    id: SessionId,
    user_id: UserId,
    username: String,
    /// Locked while it is refreshed, so that one refresh serves all who wait.
    tokens: Mutex<Tokens>,
    file: Option<SessionFile>,
}

struct Tokens {
    access: Secret,
    refresh: Secret,
    /// From then on the access token is replaced before it is used.
    replace_at: Instant,
    ends_at: Instant,
}

impl Tokens {
    fn new(access: Secret, refresh: Secret, lasts: Duration) -> Self {
        let now = Instant::now();
        Self { access, refresh, replace_at: now + lasts.saturating_sub(AHEAD.min(lasts / 3)), ends_at: now + lasts }
    }
}

impl Session {
    /// The session that has just begun, kept in the file if there is one.
    pub(crate) async fn begin(http: Http, answer: SignInAnswer, file: Option<SessionFile>) -> Result<Self, Error> {
        let refresh = answer.refresh_token;
        let refresh = refresh.ok_or_else(|| Error::Protocol("signing in gave no refresh token".to_owned()))?;
        let tokens = Tokens::new(answer.access_token, refresh, Duration::from_secs(answer.expires_in));
        let session = Self {
            inner: Arc::new(Inner {
                http,
                id: answer.session.id,
                user_id: answer.user.profile.id,
                username: answer.user.profile.username,
                tokens: Mutex::new(tokens),
                file,
            }),
        };
        if let Some(file) = &session.inner.file {
            let locked = file.lock().await?;
            locked.write(&session.saved(&*session.inner.tokens.lock().await))?;
        }
        Ok(session)
    }

    /// The session that somebody has kept.
    pub(crate) fn resume(http: Http, saved: SavedSession, file: Option<SessionFile>) -> Self {
        let lasts = saved.access_ends_at.since(SystemClock.now());
        let tokens = Tokens::new(saved.access_token, saved.refresh_token, lasts);
        let (id, user_id, username) = (saved.session_id, saved.user_id, saved.username);
        Self { inner: Arc::new(Inner { http, id, user_id, username, tokens: Mutex::new(tokens), file }) }
    }

    pub(crate) fn id(&self) -> SessionId {
        self.inner.id
    }

    pub(crate) fn user_id(&self) -> UserId {
        self.inner.user_id
    }

    pub(crate) fn username(&self) -> &str {
        &self.inner.username
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }

    /// What is worth keeping of it.
    pub(crate) async fn to_saved(&self) -> SavedSession {
        self.saved(&*self.inner.tokens.lock().await)
    }

    fn saved(&self, tokens: &Tokens) -> SavedSession {
        let left = tokens.ends_at.saturating_duration_since(Instant::now());
        SavedSession {
            server: self.inner.http.address.to_string(),
            user_id: self.inner.user_id,
            username: self.inner.username.clone(),
            session_id: self.inner.id,
            access_token: tokens.access.clone(),
            access_ends_at: SystemClock.now().plus(left),
            refresh_token: tokens.refresh.clone(),
        }
    }

    /// An access token that does not end soon.
    pub(crate) async fn access_token(&self) -> Result<Secret, Error> {
        let mut tokens = self.inner.tokens.lock().await;
        if Instant::now() >= tokens.replace_at {
            self.refresh(&mut tokens).await?;
        }
        Ok(tokens.access.clone())
    }

    /// The access token of last time, however old.
    pub(crate) async fn latest_token(&self) -> Secret {
        self.inner.tokens.lock().await.access.clone()
    }

    /// Another access token than this one, which the server has refused or is about to.
    pub(crate) async fn fresher_than(&self, used: &Secret) -> Result<Secret, Error> {
        let mut tokens = self.inner.tokens.lock().await;
        if tokens.access == *used {
            self.refresh(&mut tokens).await?;
        }
        Ok(tokens.access.clone())
    }

    /// Makes a call as this session and reads its answer; a token that was refused is replaced once.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        call.read(&self.text(call).await?)
    }

    /// The same for a call whose answer has no body.
    pub(crate) async fn run(&self, call: &Call) -> Result<(), Error> {
        self.text(call).await.map(drop)
    }

    async fn text(&self, call: &Call) -> Result<String, Error> {
        let mut token = self.access_token().await?;
        let mut replaced = 0;
        loop {
            let answer = self.inner.http.text(call, Some(token.expose())).await;
            match answer {
                Err(Error::Refused(refusal)) if refusal.wants_a_fresh_token() && replaced < REPLACED_AT_MOST => {
                    replaced += 1;
                    token = self.fresher_than(&token).await?;
                }
                other => return other.map_err(Error::of_session),
            }
        }
    }

    async fn refresh(&self, tokens: &mut MutexGuard<'_, Tokens>) -> Result<(), Error> {
        let Some(file) = &self.inner.file else {
            **tokens = self.next(&tokens.refresh).await?;
            return Ok(());
        };
        let locked = file.lock().await?;
        // Whoever shares the file may have done it already, and our token may be one that must not come back.
        let saved = locked.read()?.filter(|saved| saved.session_id == self.inner.id);
        let is_kept = saved.is_some();
        if let Some(saved) = saved.filter(|saved| saved.refresh_token != tokens.refresh) {
            let lasts = saved.access_ends_at.since(SystemClock.now());
            **tokens = Tokens::new(saved.access_token, saved.refresh_token, lasts);
            if lasts > AHEAD {
                return Ok(());
            }
        }
        match self.next(&tokens.refresh).await {
            Ok(next) => {
                **tokens = next;
                // Somebody may have signed in as somebody else meanwhile, or forgotten this session.
                if is_kept { locked.write(&self.saved(tokens)) } else { Ok(()) }
            }
            Err(error) => {
                drop(locked);
                if matches!(error, Error::SessionEnded(_)) {
                    file.forget(self.inner.id).await?;
                }
                Err(error)
            }
        }
    }

    /// Exchanges a refresh token. The answer may be asked for again: for a minute the same successor comes back.
    async fn next(&self, refresh: &Secret) -> Result<Tokens, Error> {
        let body = RefreshRequest { refresh_token: Some(refresh.clone()) };
        let call = Call::safe(Method::POST, "/v1/auth/refresh").json(&body)?;
        let answer: Result<RefreshAnswer, Error> = self.inner.http.call(&call, None).await;
        let answer = answer.map_err(|error| match error {
            Error::Refused(refusal) if refusal.status == 401 => Error::SessionEnded(refusal.to_string()),
            other => other.of_session(),
        })?;
        let next = answer.refresh_token;
        let next = next.ok_or_else(|| Error::Protocol("refreshing gave no refresh token".to_owned()))?;
        Ok(Tokens::new(answer.access_token, next, Duration::from_secs(answer.expires_in)))
    }

    /// Ends the session everywhere, and forgets it. A session that has ended already is fine.
    pub(crate) async fn sign_out(&self) -> Result<(), Error> {
        let ended = self.run(&Call::safe(Method::POST, "/v1/auth/signout")).await;
        if let Some(file) = &self.inner.file
            && matches!(ended, Ok(()) | Err(Error::SessionEnded(_)))
        {
            file.forget(self.inner.id).await?;
        }
        match ended {
            Err(Error::SessionEnded(_)) => Ok(()),
            other => other,
        }
    }
}
