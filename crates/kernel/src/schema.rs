//! What ids and times look like in an OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};
use utoipa::{PartialSchema, ToSchema};

use crate::{ConnectionId, MessageId, RoomId, SessionId, Timestamp, UserId};

fn string(format: KnownFormat, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .examples([example])
        .into()
}

macro_rules! uuid_schema {
    ($($name:ident)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                string(KnownFormat::Uuid, "019aa5f0-7c1e-7b3a-9d55-0c6f4b1f2a77")
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

uuid_schema!(UserId SessionId RoomId MessageId ConnectionId);

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        string(KnownFormat::DateTime, "2026-11-21T11:08:14.120Z")
    }
}

impl ToSchema for Timestamp {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Timestamp")
    }
}
