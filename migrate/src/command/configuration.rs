//! From variables to a store: PostgreSQL or the embedded one is decided here, once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use database::postgres::PostgresSettings;
use migrate::settings::{DeploymentSettings, Environment};

use super::embedded::Embedded;
use super::postgres::Postgres;
use super::store::{Failure, Purpose, Store};

/// The file that is read when it is there and none is named.
const DEFAULT_FILE: &str = ".env";
/// The directory of the embedded store where `DATA_DIR` names none, as for the server.
const DEFAULT_DATA_DIR: &str = "./data";
/// The rooms that everybody is in where `CHAT_DEFAULT_ROOMS` names none, as for the server.
const DEFAULT_ROOMS: &str = "global";

/// What the variables say.
pub(super) struct Configuration {
    deployment: DeploymentSettings,
    postgres: PostgresSettings,
    data_dir: PathBuf,
    default_rooms: String,
}

impl Configuration {
    /// Reads the variables of the process and of a file, which lose against those of the process.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let mut variables = HashMap::new();
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        if file.is_some() || path.exists() {
            let pairs = dotenvy::from_path_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let why = |cause| format!("the file of variables {} cannot be read: {cause}", path.display());
            variables.extend(pairs.map_err(why)?);
        }
        variables.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Self::from_variables(variables)
    }

    fn from_variables(mut variables: HashMap<String, String>) -> Result<Self, Failure> {
        // Set and empty means none, and not the default.
        let default_rooms = variables.remove("CHAT_DEFAULT_ROOMS").unwrap_or_else(|| DEFAULT_ROOMS.to_owned());
        variables.retain(|_, value| !value.is_empty());
        let environment = variables.get("ENVIRONMENT").map(|value| ("ENVIRONMENT".to_owned(), value.clone()));
        let deployment = envy::from_iter(environment)
            .map_err(|_| "ENVIRONMENT has a value that is not known; it must be development or production")?;
        let data_dir = variables.get("DATA_DIR").map_or(DEFAULT_DATA_DIR, String::as_str).into();
        let postgres = PostgresSettings::from_vars(variables)?;
        Ok(Self { deployment, postgres, data_dir, default_rooms })
    }

    /// The store, to be used like this.
    pub(super) async fn store(&self, purpose: Purpose) -> Result<Box<dyn Store>, Failure> {
        match self.postgres.url {
            Some(_) => Ok(Box::new(Postgres::connect(&self.postgres).await?)),
            None => Ok(Box::new(Embedded::take(&self.data_dir, purpose)?)),
        }
    }

    /// The rooms that everybody is in from the start.
    pub(super) fn default_rooms(&self) -> Vec<String> {
        self.default_rooms.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// Accounts whose passwords everybody knows are for those who try and build.
    pub(super) fn may_seed(&self, force: bool) -> Result<(), Failure> {
        match self.deployment.environment {
            Environment::Production if !force => {
                Err("ENVIRONMENT is production, and the passwords of the demo accounts are \
                 public: nothing was seeded. If you want them all the same, say --force"
                    .into())
            }
            Environment::Production | Environment::Development => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Configuration, Failure> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::from_variables(owned.collect())
    }

    #[test]
    fn without_variables_it_is_a_development_system_on_the_embedded_store() {
        let configuration = read(&[("ENVIRONMENT", ""), ("POSTGRES_URL", "")]).unwrap();
        assert_eq!(configuration.data_dir, Path::new("./data"));
        assert_eq!(configuration.default_rooms(), ["global"]);
        assert!(configuration.postgres.url.is_none() && configuration.may_seed(false).is_ok());
    }

    #[test]
    fn production_is_seeded_by_force_only_and_a_misspelt_one_is_not_taken_for_development() {
        let production = read(&[("ENVIRONMENT", "production")]).unwrap();
        assert!(production.may_seed(false).unwrap_err().to_string().contains("--force"));
        assert!(production.may_seed(true).is_ok());
        assert!(read(&[("ENVIRONMENT", "prod")]).err().unwrap().to_string().contains("ENVIRONMENT"));
    }

    #[test]
    fn default_rooms_can_be_others_or_none() {
        assert_eq!(read(&[("CHAT_DEFAULT_ROOMS", "a, b,")]).unwrap().default_rooms(), ["a", "b"]);
        assert_eq!(read(&[("CHAT_DEFAULT_ROOMS", "")]).unwrap().default_rooms(), [""; 0]);
    }
}
