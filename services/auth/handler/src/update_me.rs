//! `PATCH /v1/users/me`

use std::fmt::Display;

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_entity::{AvatarUrl, Bio, DisplayName, Language, ProfileChange, StatusText, TimeZone};
use auth_usecase::Auth;
use contract::auth::{OwnUser, UpdateProfile};
use contract::problem::{FieldError, Problem};
use web::{Authenticated, Failure, Json};

use crate::{problem, view};

/// Changes the caller's profile: fields that are absent stay as they are, `null` clears them.
#[utoipa::path(
    patch,
    path = "/v1/users/me",
    tag = "users",
    security(("bearer" = [])),
    request_body = UpdateProfile,
    responses(
        (status = 200, description = "The account as it is now. Others see it shortly after.", body = OwnUser),
        (status = 401, description = "The token is not valid, or its session has ended.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is being changed from elsewhere.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`storage-unavailable`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_me(
    auth: Data<Auth>,
    Authenticated(principal): Authenticated,
    Json(body): Json<UpdateProfile>,
) -> Result<HttpResponse, Failure> {
    let change = parse(body).map_err(Problem::invalid)?;
    let user = auth.update_profile(principal.user_id, change).await.map_err(|error| problem::update_profile(&error))?;
    Ok(HttpResponse::Ok().json(view::own(&user)))
}

/// Reads every field, so that all that are wrong are told at once.
fn parse(body: UpdateProfile) -> Result<ProfileChange, Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = |text: &str| DisplayName::parse(text).map(Some);
    let display_name = read(&mut errors, "display_name", body.display_name.map(Some), name);
    let change = ProfileChange {
        // Nothing that can be read is no name, so what is given is there.
        display_name: display_name.flatten(),
        bio: read(&mut errors, "bio", body.bio, Bio::parse),
        avatar_url: read(&mut errors, "avatar_url", body.avatar_url, |text| AvatarUrl::parse(text).map(Some)),
        status_text: read(&mut errors, "status_text", body.status_text, StatusText::parse),
        language: read(&mut errors, "language", body.language, |text| Language::parse(text).map(Some)),
        time_zone: read(&mut errors, "time_zone", body.time_zone, |text| TimeZone::parse(text).map(Some)),
    };
    if errors.is_empty() { Ok(change) } else { Err(errors) }
}

/// A field that is given, read or cleared. What cannot be read is noted.
fn read<T, E: Display>(
    errors: &mut Vec<FieldError>,
    field: &str,
    given: Option<Option<String>>,
    parse: impl Fn(&str) -> Result<Option<T>, E>,
) -> Option<Option<T>> {
    let read = given?.map_or(Ok(None), |text| parse(&text));
    read.map_err(|error| errors.push(FieldError::new(field, error.to_string()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Result<ProfileChange, Vec<String>> {
        parse(serde_json::from_str(json).unwrap())
            .map_err(|errors| errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = r#"{"display_name": " ", "bio": "\u0000", "avatar_url": "ftp://x", "status_text": "\n.\n.", "language": "?",
                        "time_zone": "+1"}"#;
        let all = ["/display_name", "/bio", "/avatar_url", "/status_text", "/language", "/time_zone"];
        assert_eq!(parsed(wrong), Err(all.map(str::to_owned).to_vec()));
    }

    #[test]
    fn absent_cleared_blank_and_given_fields_are_told_apart() {
        assert_eq!(parsed("{}"), Ok(ProfileChange::default()));
        let change = parsed(r#"{"display_name": "Ann", "bio": null, "status_text": " ", "language": "de"}"#).unwrap();
        let wanted = ProfileChange {
            display_name: DisplayName::parse("Ann").ok(),
            bio: Some(None),
            status_text: Some(None),
            language: Some(Language::parse("de").ok()),
            ..ProfileChange::default()
        };
        assert_eq!(change, wanted);
    }
}
