//! Where the workspace is and what its packages say they depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What one package of the workspace depends on, by name.
#[derive(Debug, Default)]
pub struct Package {
    /// Workspace crates that its library or binary is built with.
    pub internal: BTreeSet<String>,
    /// Workspace crates that only its tests are built with.
    pub internal_dev: BTreeSet<String>,
    /// Crates from outside that its library or binary is built with.
    pub external: BTreeSet<String>,
}

/// The directory that `Cargo.lock` is in.
pub fn root() -> PathBuf {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.ancestors().nth(2).unwrap_or(this).to_owned()
}

/// Every package of the workspace, from `cargo metadata`. It reads manifests only, so it needs neither network nor lock.
///
/// # Panics
/// When a manifest cannot be read.
pub fn packages() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace");
    let read = |package: cargo_metadata::Package| {
        let mut found = Package::default();
        for dependency in package.dependencies {
            let set = match (dependency.path.is_some(), dependency.kind) {
                (true, DependencyKind::Development) => &mut found.internal_dev,
                (true, _) => &mut found.internal,
                (false, DependencyKind::Development) => continue,
                (false, _) => &mut found.external,
            };
            set.insert(dependency.name);
        }
        (package.name.to_string(), found)
    };
    metadata.packages.into_iter().map(read).collect()
}
