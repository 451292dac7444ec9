//! One sign-in: its tokens, refreshed ahead of their end, by one task at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::auth::{RefreshAnswer, RefreshRequest, Secret, SignInAnswer, SignInRequest};
use kernel::{Clock, SessionId, SystemClock, UserId};
use reqwest::Method;
use serde::de::DeserializeOwned;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout};

use crate::Error;
use crate::http::{Call, Http};
use crate::session_file::{Locked, SavedSession, SessionFile};

/// A token is replaced when less than this is left of it, or a third of its life if that is shorter.
const AHEAD: Duration = Duration::from_secs(60);

/// How long a call waits for a token that replaces one which is good still; after that it makes do with what there is.
const REPLACED_WITHIN: Duration = Duration::from_secs(3);

/// How often a refused token is replaced for one call. The first other one may be of whoever shares the file, and refused
/// as well when our clock is wrong.
const REPLACED_AT_MOST: u32 = 2;

/// Held for reading by each exchange of tokens.
static REPLACING: RwLock<()> = RwLock::const_new(());

/// Returns when no tokens are being exchanged. A program that is about to end waits for it, for some seconds at most: a
/// session whose next token is lost on the way is over a minute later.
pub async fn tokens_settled() {
    drop(REPLACING.write().await);
}

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
    /// Never locked while anything is waited for.
    tokens: Mutex<Tokens>,
    /// Held while the session is refreshed, so that one refresh serves all who wait.
    refreshing: tokio::sync::Mutex<()>,
    file: Option<SessionFile>,
    /// Whether the file has less than we know, because it could not be written.
    file_is_behind: AtomicBool,
}

#[derive(Clone)]
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
    /// Signs in, and keeps the session in the file if there is one: that it can be kept is known before.
    pub(crate) async fn begin(http: Http, request: &SignInRequest, file: Option<SessionFile>) -> Result<Self, Error> {
        let locked = match &file {
            Some(file) => Some(file.lock().await?),
            None => None,
        };
        let draft = locked.as_ref().map(Locked::draft).transpose()?;
        let call = Call::once(Method::POST, "/v1/auth/signin").json(request)?;
        let answer: SignInAnswer = http.call(&call, None).await?;
        let refresh = answer.refresh_token;
        let refresh = refresh.ok_or_else(|| Error::Protocol("signing in gave no refresh token".to_owned()))?;
        let tokens = Tokens::new(answer.access_token, refresh, Duration::from_secs(answer.expires_in));
        let (id, user_id, username) = (answer.session.id, answer.user.profile.id, answer.user.profile.username);
        let session = Self::new(http, id, user_id, username, tokens, file);
        match draft {
            Some(draft) => draft.write(&session.saved()).map(|()| session),
            None => Ok(session),
        }
    }

    /// The session that somebody has kept.
    pub(crate) fn resume(http: Http, saved: SavedSession, file: Option<SessionFile>) -> Self {
        let lasts = saved.access_ends_at.since(SystemClock.now());
        let tokens = Tokens::new(saved.access_token, saved.refresh_token, lasts);
        Self::new(http, saved.session_id, saved.user_id, saved.username, tokens, file)
    }

    fn new(
        http: Http,
        id: SessionId,
        user_id: UserId,
        username: String,
        tokens: Tokens,
        file: Option<SessionFile>,
    ) -> Self {
        let (tokens, refreshing) = (Mutex::new(tokens), tokio::sync::Mutex::default());
        Self {
            inner: Arc::new(Inner {
                http,
                id,
                user_id,
                username,
                tokens,
                refreshing,
                file,
                file_is_behind: AtomicBool::new(false),
            }),
        }
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
        // A refresh token that is being exchanged is not worth keeping.
        let _nobody_refreshes = self.inner.refreshing.lock().await;
        self.saved()
    }

    fn saved(&self) -> SavedSession {
        let tokens = self.tokens().clone();
        let left = tokens.ends_at.saturating_duration_since(Instant::now());
        SavedSession {
            server: self.inner.http.address.to_string(),
            user_id: self.inner.user_id,
            username: self.inner.username.clone(),
            session_id: self.inner.id,
            access_token: tokens.access,
            access_ends_at: SystemClock.now().plus(left),
            refresh_token: tokens.refresh,
        }
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.inner.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An access token that does not end soon; while there is no other one, the one that is good still.
    pub(crate) async fn access_token(&self) -> Result<Secret, Error> {
        let Tokens { access, replace_at, ends_at, .. } = self.tokens().clone();
        if Instant::now() < replace_at {
            return Ok(access);
        }
        let replaced = self.fresher_than(&access);
        if Instant::now() >= ends_at {
            return replaced.await;
        }
        match timeout(REPLACED_WITHIN, replaced).await {
            Ok(Err(error)) if !matches!(error, Error::SessionEnded(_)) && Instant::now() < ends_at => Ok(access),
            Ok(replaced) => replaced,
            Err(_) => Ok(access),
        }
    }

    /// The access token of last time, however old.
    pub(crate) fn latest_token(&self) -> Secret {
        self.tokens().access.clone()
    }

    /// Another access token than this one, which the server has refused or is about to.
    ///
    /// Whoever waits for it may stop waiting: what has begun goes on. A refresh token is for one use, and a successor that
    /// nobody took note of would be missed as soon as its predecessor is not taken any more.
    pub(crate) async fn fresher_than(&self, used: &Secret) -> Result<Secret, Error> {
        let (session, used) = (self.clone(), used.clone());
        let replacing = tokio::spawn(async move {
            let _begun = REPLACING.read().await;
            let _only_one = session.inner.refreshing.lock().await;
            if session.latest_token() == used {
                session.refresh().await?;
            }
            Ok(session.latest_token())
        });
        replacing
            .await
            .unwrap_or_else(|error| Err(Error::Unreachable(format!("the session was not refreshed: {error}"))))
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
                // Tokens that were made just now are refused as well: there is nothing left to try.
                Err(Error::Refused(refusal)) if refusal.wants_a_fresh_token() => {
                    return Err(Error::SessionEnded(refusal.to_string()));
                }
                other => return other.map_err(Error::of_session),
            }
        }
    }

    async fn refresh(&self) -> Result<(), Error> {
        let refresh = self.tokens().refresh.clone();
        let Some(file) = &self.inner.file else {
            let next = self.next(&refresh).await?;
            *self.tokens() = next;
            return Ok(());
        };
        let locked = file.lock().await?;
        // Whoever shares the file may have done it already, and our token may be one that must not come back.
        let saved = locked.read()?.filter(|saved| saved.session_id == self.inner.id);
        // Somebody may have signed in as somebody else meanwhile, or forgotten this session: then the file is not ours.
        let draft = saved.as_ref().map(|_| locked.draft()).transpose()?;
        // A file that could not be written has what was true before.
        let is_behind = self.inner.file_is_behind.load(Ordering::Acquire);
        if let Some(saved) = saved.filter(|saved| !is_behind && saved.refresh_token != refresh) {
            let lasts = saved.access_ends_at.since(SystemClock.now());
            *self.tokens() = Tokens::new(saved.access_token, saved.refresh_token, lasts);
            if lasts > AHEAD {
                return Ok(());
            }
        }
        let refresh = self.tokens().refresh.clone();
        match self.next(&refresh).await {
            Ok(next) => {
                *self.tokens() = next;
                let written = draft.map_or(Ok(()), |draft| draft.write(&self.saved()));
                self.inner.file_is_behind.store(written.is_err(), Ordering::Release);
                // The session goes on all the same, here; whoever shares the file will miss this.
                if let Err(error) = written {
                    tracing::warn!(%error, "a session could not be kept");
                }
                Ok(())
            }
            Err(error) => {
                drop(draft);
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
            // Said by the server itself: a 401 without a problem comes from something before it, and ends nothing.
            Error::Refused(refusal) if refusal.status == 401 && !refusal.code.is_empty() => {
                Error::SessionEnded(refusal.to_string())
            }
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
