//! The variables of the process and of a file, and how a struct is read from them.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::{ConfigurationError, Variables};

/// The file that is read when it is there and none is named.
const DEFAULT_FILE: &str = ".env";

/// The variables of the process and of a file, which lose against those of the process. Without a name it is `.env`, if
/// there is one.
pub fn variables(file: Option<&Path>) -> Result<Variables, ConfigurationError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let mut variables = Variables::new();
    if file.is_some() || path.exists() {
        let failed = |cause| ConfigurationError::File { path: path.display().to_string(), cause };
        for pair in dotenvy::from_path_iter(path).map_err(failed)? {
            let (name, value) = pair.map_err(failed)?;
            variables.insert(name, value);
        }
    }
    variables.extend(
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    );
    Ok(variables)
}

/// Reads a struct from the variables that begin with a prefix.
///
/// # Errors
/// They name the variable.
pub fn read<T: DeserializeOwned>(prefix: &str, set: &Variables) -> Result<T, ConfigurationError> {
    let named = |error: &dyn std::fmt::Display| {
        // envy says which value it could not read, and for some types not of which variable.
        ConfigurationError::Unreadable(format!("{prefix}… {error}"))
    };
    envy::prefixed(prefix).from_iter(set.iter().map(|(name, value)| (name.clone(), value.clone()))).map_err(|error| {
        match culprit::<T>(prefix, set) {
            Some(variable) => named(&format!("{variable}: {error}")),
            None => named(&error),
        }
    })
}

/// The variable without which the rest can be read.
fn culprit<T: DeserializeOwned>(prefix: &str, set: &Variables) -> Option<String> {
    let mut names: Vec<&String> = set.keys().filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names.into_iter().find_map(|suspect| {
        let without = set.iter().filter(|(name, _)| *name != suspect);
        let reads =
            envy::prefixed(prefix).from_iter::<_, T>(without.map(|(name, value)| (name.clone(), value.clone())));
        reads.is_ok().then(|| suspect.clone())
    })
}
