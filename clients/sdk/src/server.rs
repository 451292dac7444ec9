//! A server before one has signed in.

use contract::auth::{OwnUser, RefreshTransport, Secret, SignInRequest, SignUpAnswer, SignUpRequest};
use reqwest::Method;

use crate::http::{Call, Http};
use crate::session::Session;
use crate::{Address, Client, Error, SavedSession, ServerInfo, SessionFile};

/// A server, for those who have not signed in yet. Nothing is sent before something is asked.
#[derive(Clone)]
pub struct Server {
    http: Http,
}

impl Server {
    /// The server at this address.
    ///
    /// # Errors
    /// When TLS is asked for and this machine trusts nobody.
    pub fn new(address: Address) -> Result<Self, Error> {
        Ok(Self { http: Http::new(address)? })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.http.address
    }

    /// What it is and can do.
    ///
    /// # Errors
    /// When it cannot be reached, or is no Natter.
    pub async fn info(&self) -> Result<ServerInfo, Error> {
        self.http.call(&Call::get("/v1/meta"), None).await
    }

    /// Makes an account; signing in comes after that.
    ///
    /// # Errors
    /// Refusals such as `username-taken`, `email-taken`, `validation-failed`. When the answer was lost, the account may be
    /// there.
    pub async fn sign_up(&self, username: &str, email: &str, password: &str) -> Result<OwnUser, Error> {
        let body = SignUpRequest {
            username: username.to_owned(),
            email: email.to_owned(),
            password: Secret::new(password.to_owned()),
            display_name: None,
        };
        let call = Call::once(Method::POST, "/v1/auth/signup").json(&body)?;
        self.http.call::<SignUpAnswer>(&call, None).await.map(|answer| answer.user)
    }

    /// Signs in with a user name or an e-mail address. `device` is what this session is called in the list of sessions.
    ///
    /// # Errors
    /// `invalid-credentials`, `rate-limited`, and what else the server refuses.
    pub async fn sign_in(&self, login: &str, password: &str, device: &str) -> Result<Client, Error> {
        self.begin(login, password, device, None).await
    }

    /// The same, and keeps the session in a file, for [`Server::resume`].
    ///
    /// # Errors
    /// Also when the file cannot be written.
    pub async fn sign_in_and_keep(
        &self,
        login: &str,
        password: &str,
        device: &str,
        file: SessionFile,
    ) -> Result<Client, Error> {
        self.begin(login, password, device, Some(file)).await
    }

    /// Goes on with the session in a file; `None` when there is none of this server. Nothing is asked of the server:
    /// whether the session is still alive shows at the first call.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn resume(&self, file: SessionFile) -> Result<Option<Client>, Error> {
        let saved = file.read()?.filter(|saved| saved.server == self.http.address.to_string());
        Ok(saved.map(|saved| Client::new(Session::resume(self.http.clone(), saved, Some(file)))))
    }

    /// Goes on with a session that is kept elsewhere. Nobody else must use it: see [`SessionFile`] for why.
    pub fn resume_saved(&self, saved: SavedSession) -> Client {
        Client::new(Session::resume(self.http.clone(), saved, None))
    }

    async fn begin(
        &self,
        login: &str,
        password: &str,
        device: &str,
        file: Option<SessionFile>,
    ) -> Result<Client, Error> {
        let body = SignInRequest {
            login: login.to_owned(),
            password: Secret::new(password.to_owned()),
            device: Some(device.to_owned()),
            refresh_transport: RefreshTransport::Body,
        };
        Ok(Client::new(Session::begin(self.http.clone(), &body, file).await?))
    }
}
