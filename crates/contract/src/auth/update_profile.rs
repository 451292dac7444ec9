//! A change of some fields, where a field that is absent is not one that is `null`.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// The body of `PATCH /v1/users/me`: a field that is absent stays as it is, and `null` clears it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    /// 1–64 characters; it cannot be cleared.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub display_name: Option<String>,
    /// At most 500 characters, in one or more lines.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub bio: Option<Option<String>>,
    /// An `http` or `https` URL of at most 2,048 bytes.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub avatar_url: Option<Option<String>>,
    /// At most 140 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub status_text: Option<Option<String>>,
    /// A language tag (BCP 47), such as `de-AT`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// A time zone's name (IANA), such as `Europe/Vienna`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
}

/// A field that is there, also when it is `null`, which serde would take for one that is absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_absent_is_not_one_that_is_null() {
        let update = |json: &str| serde_json::from_str::<UpdateProfile>(json);
        let read = update(r#"{"bio": null, "language": "de"}"#).unwrap();
        assert_eq!((read.bio.clone(), read.status_text.clone()), (Some(None), None));
        assert_eq!(read.language, Some(Some("de".to_owned())));
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"bio":null,"language":"de"}"#);
        assert!(update(r#"{"display_name": null}"#).is_err());
        assert!(update(r#"{"username": "bob"}"#).is_err());
    }
}
