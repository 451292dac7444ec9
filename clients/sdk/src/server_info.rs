//! What a server says of itself, read so that a later server's words do no harm.

use contract::meta::{Feature, MetaLimits};
use serde::Deserialize;
use serde_json::Value;

/// What a server is and can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// What it takes.
    pub limits: MetaLimits,
    features: Vec<Feature>,
}

impl ServerInfo {
    /// Whether the server can do this.
    pub fn offers(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

#[derive(Deserialize)]
struct Written {
    version: String,
    features: Vec<Value>,
    limits: MetaLimits,
}

impl<'de> Deserialize<'de> for ServerInfo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { version, features, limits } = Written::deserialize(deserializer)?;
        let known = features.into_iter().filter_map(|feature| serde_json::from_value(feature).ok());
        Ok(Self { version, limits, features: known.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_nobody_knows_is_passed_over() {
        let info: ServerInfo = serde_json::from_str(
            r#"{"name": "natter", "version": "9.0.0", "subprotocols": [], "features": ["rooms", "telepathy"],
                "limits": {"max_body_chars": 1, "max_frame_bytes": 2, "max_page": 3, "max_thoughts": 4}}"#,
        )
        .unwrap();
        assert!(info.offers(Feature::Rooms) && !info.offers(Feature::Search));
    }
}
