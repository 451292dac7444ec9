//! The library that Natter's own clients are built on, and that bots are written with.
