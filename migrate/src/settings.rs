//! What kind of installation this is, as far as changes to its data depend on it.

use serde::Deserialize;

/// What the installation is for.
///
/// Environment prefix: ``.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DeploymentSettings {
    /// `development`, or `production`, which gets no demo accounts: their passwords are public.
    pub environment: Environment,
}

/// What an installation is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// For those who try and build.
    #[default]
    Development,
    /// For its users.
    Production,
}
