//! `POST /v1/auth/signin`

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use auth_entity::{Device, Login, PasswordAttempt};
use auth_usecase::{Auth, SignIn, SignedIn};
use contract::auth::{RefreshTransport, Secret, SignInAnswer, SignInRequest, TokenType};
use contract::problem::{FieldError, Problem};
use web::{ClientAddress, Failure, Json};

use crate::{problem, refresh_cookie, view};

/// Begins a session.
#[utoipa::path(
    post,
    path = "/v1/auth/signin",
    tag = "auth",
    request_body = SignInRequest,
    responses(
        (status = 200, description = "The session has begun.", body = SignInAnswer),
        (status = 401, description = "`invalid-credentials`: unknown account or wrong password, which is not said.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account-disabled`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`rate-limited`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `storage-unavailable`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    auth: Data<Auth>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<SignInRequest>,
) -> Result<HttpResponse, Failure> {
    let transport = body.refresh_transport;
    let request = parse(body, address).map_err(Problem::invalid)?;
    let signed_in = auth.sign_in(request).await.map_err(|error| problem::sign_in(&error))?;
    Ok(answer(signed_in, transport))
}

fn parse(body: SignInRequest, address: IpAddr) -> Result<SignIn, Vec<FieldError>> {
    let login = Login::parse(&body.login).map_err(|error| FieldError::new("login", error.to_string()));
    let password = PasswordAttempt::new(body.password.into_inner())
        .map_err(|error| FieldError::new("password", error.to_string()));
    let device = Device::parse(body.device.as_deref().unwrap_or_default())
        .map_err(|error| FieldError::new("device", error.to_string()));
    match (login, password, device) {
        (Ok(login), Ok(password), Ok(device)) => Ok(SignIn { login, password, device, address }),
        (login, password, device) => Err([login.err(), password.err(), device.err()].into_iter().flatten().collect()),
    }
}

fn answer(SignedIn { tokens, user }: SignedIn, transport: RefreshTransport) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let refresh_token = match transport {
        RefreshTransport::Body => Some(Secret::new(tokens.refresh_token)),
        RefreshTransport::Cookie => {
            response.cookie(refresh_cookie::carrying(tokens.refresh_token, &tokens.session));
            None
        }
    };
    response.json(SignInAnswer {
        access_token: Secret::new(tokens.access_token),
        token_type: TokenType::Bearer,
        expires_in: tokens.expires_in.as_secs(),
        refresh_token,
        session: view::session(&tokens.session),
        user: view::own(&user),
    })
}
