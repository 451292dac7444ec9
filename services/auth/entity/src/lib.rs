//! The rules of accounts and sessions, free of any I/O, so that they can be read and tested by themselves.

mod account_throttle;
mod avatar_url;
mod bio;
mod device;
mod display_name;
mod email;
mod language;
mod login;
mod password;
mod password_hash;
mod profile_change;
mod refresh_token;
mod rotation;
mod session;
mod status_text;
mod time_zone;
mod user;
mod username;

pub use account_throttle::{AccountThrottle, FORGOTTEN_AFTER, LONGEST_DELAY};
pub use avatar_url::{AvatarUrl, AvatarUrlError};
pub use bio::{Bio, BioError};
pub use device::{Device, DeviceError};
pub use display_name::{DisplayName, DisplayNameError};
pub use email::{Email, EmailError};
pub use language::{Language, LanguageError};
pub use login::{Login, LoginError};
pub use password::{Password, PasswordAttempt, PasswordError, PasswordPolicy};
pub use password_hash::PasswordHash;
pub use profile_change::ProfileChange;
pub use refresh_token::{RefreshToken, TAG_LEN};
pub use rotation::{GRACE, Rotation, rotation};
pub use session::{ABSOLUTE_LIFETIME, IDLE_LIFETIME, Session};
pub use status_text::{StatusText, StatusTextError};
pub use time_zone::{TimeZone, TimeZoneError};
pub use user::User;
pub use username::{Username, UsernameError};
