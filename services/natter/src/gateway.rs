//! Where the two services meet, in this one process only: between processes these are HTTP calls.

mod profiles;

pub(crate) use profiles::LocalProfiles;
