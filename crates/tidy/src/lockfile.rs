//! Looks for crates in `Cargo.lock` that must not be there.

use cargo_metadata::semver::Version;

/// A crate that is not wanted, and why.
#[derive(Clone, Copy, Debug)]
pub struct Ban {
    /// Its name.
    pub name: &'static str,
    /// The first version that is fine; `None` when none is.
    pub fixed_in: Option<&'static str>,
    /// Why.
    pub reason: &'static str,
}

impl Ban {
    /// How `deny.toml` writes it.
    pub fn in_deny_toml(&self) -> String {
        match self.fixed_in {
            Some(version) => format!("crate = \"{}@<{}\"", self.name, version.trim_end_matches(".0")),
            None => format!("crate = \"{}\"", self.name),
        }
    }

    fn covers(&self, version: &Version) -> bool {
        let fixed = self.fixed_in.map(|text| Version::parse(text).expect("a ban names a full version"));
        fixed.is_none_or(|fixed| *version < fixed)
    }
}

/// The banned crates in the text of a `Cargo.lock`.
pub fn banned(lock: &str, bans: &[Ban]) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, version) in packages(lock) {
        for ban in bans.iter().filter(|ban| ban.name == name && ban.covers(&version)) {
            violations.push(format!(
                "Cargo.lock has {name} {version}, which is banned: {}. `cargo tree -i {name}` shows who needs it.",
                ban.reason
            ));
        }
    }
    violations
}

fn packages(lock: &str) -> impl Iterator<Item = (&str, Version)> {
    lock.split("[[package]]").skip(1).filter_map(|package| {
        let field = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"'))
        };
        Some((field("name")?, Version::parse(field("version")?).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"h2\"\nversion = \"0.3.27\"\n\n[[package]]\nname = \"rsa\"\n\
                        version = \"0.9.8\"\n\n[[package]]\nname = \"jsonwebtoken\"\nversion = \"11.1.0\"\n";

    const fn ban(name: &'static str, fixed_in: Option<&'static str>) -> Ban {
        Ban { name, fixed_in, reason: "a test" }
    }

    #[test]
    fn an_old_version_is_told_and_a_new_one_is_fine() {
        let bans = [ban("h2", Some("0.4.16")), ban("rsa", None), ban("jsonwebtoken", Some("10.3.0"))];
        let violations = banned(LOCK, &bans);
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(violations[0].contains("h2 0.3.27") && violations[1].contains("rsa 0.9.8"), "{violations:?}");
    }

    #[test]
    fn a_ban_reads_as_in_deny_toml() {
        assert_eq!(ban("jsonwebtoken", Some("10.3.0")).in_deny_toml(), "crate = \"jsonwebtoken@<10.3\"");
        assert_eq!(ban("rsa", None).in_deny_toml(), "crate = \"rsa\"");
    }
}
