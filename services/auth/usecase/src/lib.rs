//! What the auth service does: one method of [`Auth`] for each thing, and the ports that it needs for it.

mod auth;
mod authenticate_session;
mod check_sessions;
mod end_session;
mod get_me;
mod get_user;
mod limits;
pub mod ports;
mod refresh;
mod sign_in;
mod sign_out;
mod sign_up;
mod tokens;
mod update_profile;

#[cfg(test)]
mod mocks;

pub use auth::{Auth, AuthPorts};
pub use authenticate_session::SessionState;
pub use check_sessions::CheckedSession;
pub use get_me::GetMeError;
pub use limits::Limits;
pub use refresh::RefreshError;
pub use sign_in::{SignIn, SignInError, SignedIn};
pub use sign_out::SignOutError;
pub use sign_up::{SignUp, SignUpError};
pub use tokens::Tokens;
pub use update_profile::UpdateProfileError;
