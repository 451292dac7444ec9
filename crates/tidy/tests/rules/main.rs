//! The rules of the workspace, one file per kind; CONTRIBUTING.md explains them in prose.

mod configuration;
mod dependencies;
mod documentation;
mod lockfile;
mod migrations;
mod ports;
mod sources;
