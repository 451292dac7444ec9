//! `POST /v1/auth/signup`

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_entity::{DisplayName, Email, Password, PasswordPolicy, Username};
use auth_usecase::{Auth, SignUp};
use contract::auth::{SignUpAnswer, SignUpRequest};
use contract::problem::{FieldError, Problem};
use web::{ClientAddress, Failure, Json};

use crate::{problem, view};

/// Makes an account. It signs nobody in.
#[utoipa::path(
    post,
    path = "/v1/auth/signup",
    tag = "auth",
    request_body = SignUpRequest,
    responses(
        (status = 201, description = "The account is there.", body = SignUpAnswer),
        (status = 409, description = "`username-taken` or `email-taken`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`validation-failed`, with every wrong field.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`rate-limited`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `storage-unavailable`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    auth: Data<Auth>,
    policy: Data<PasswordPolicy>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<SignUpRequest>,
) -> Result<HttpResponse, Failure> {
    let request = parse(body, **policy, address).map_err(Problem::invalid)?;
    let user = auth.sign_up(request).await.map_err(|error| problem::sign_up(&error))?;
    Ok(HttpResponse::Created().json(SignUpAnswer { user: view::own(&user) }))
}

/// Reads every field, so that all that are wrong are told at once.
fn parse(body: SignUpRequest, policy: PasswordPolicy, address: IpAddr) -> Result<SignUp, Vec<FieldError>> {
    let username = Username::parse(&body.username).map_err(|error| FieldError::new("username", error.to_string()));
    let email = Email::parse(&body.email).map_err(|error| FieldError::new("email", error.to_string()));
    let password = body.password.into_inner();
    let password = match (&username, &email) {
        (Ok(username), Ok(email)) => Password::choose(password, policy, username, email),
        _ => Password::judge(password, policy),
    };
    let password = password.map_err(|error| FieldError::new("password", error.to_string()));
    let display_name = body
        .display_name
        .map(|name| DisplayName::parse(&name))
        .transpose()
        .map_err(|error| FieldError::new("display_name", error.to_string()));
    match (username, email, password, display_name) {
        (Ok(username), Ok(email), Ok(password), Ok(display_name)) => {
            Ok(SignUp { username, email, password, display_name, address })
        }
        (username, email, password, display_name) => {
            Err([username.err(), email.err(), password.err(), display_name.err()].into_iter().flatten().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::auth::Secret;
    use std::net::Ipv4Addr;

    fn pointers(username: &str, email: &str, password: &str, display_name: Option<&str>) -> Vec<String> {
        let body = SignUpRequest {
            username: username.to_owned(),
            email: email.to_owned(),
            password: Secret::new(password.to_owned()),
            display_name: display_name.map(str::to_owned),
        };
        let parsed = parse(body, PasswordPolicy::default(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        parsed.err().unwrap_or_default().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        assert_eq!(pointers("a", "b", "c", Some("")), ["/username", "/email", "/password", "/display_name"]);
        assert_eq!(pointers("ann", "b", "a fine long one", None), ["/email"]);
        assert!(pointers("ann", "ann@example.org", "a fine long one", Some("Ann")).is_empty());
    }

    #[test]
    fn a_password_that_is_the_name_is_refused() {
        assert_eq!(pointers("ann-bowen", "ann@example.org", "Ann-Bowen", None), ["/password"]);
    }
}
