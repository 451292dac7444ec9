//! The command `natter-cli`.

fn main() {}
