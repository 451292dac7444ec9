//! `POST /internal/v1/sessions`

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_usecase::Auth;
use contract::internal::{CheckSessions, CheckedSession, CheckedSessions, MAX_SESSIONS, SessionState};
use contract::problem::{FieldError, Problem};
use web::{Failure, Json, store_failure};

use super::service::FromService;

/// What the store says of each of these sessions.
pub(super) async fn check_sessions(
    _: FromService,
    auth: Data<Auth>,
    Json(CheckSessions { ids }): Json<CheckSessions>,
) -> Result<HttpResponse, Failure> {
    if ids.len() > MAX_SESSIONS {
        let error = FieldError::new("ids", format!("must be at most {MAX_SESSIONS}"));
        return Err(Problem::invalid(vec![error]).into());
    }
    let checked = auth.check_sessions(&ids).await.map_err(|error| store_failure(&error))?;
    let sessions = checked.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(CheckedSessions { sessions }))
}

fn view(checked: auth_usecase::CheckedSession) -> CheckedSession {
    let state = match checked.state {
        auth_usecase::SessionState::Live => SessionState::Live,
        auth_usecase::SessionState::Over => SessionState::Over,
        auth_usecase::SessionState::AccountDisabled => SessionState::AccountDisabled,
    };
    CheckedSession { id: checked.id, state, expires_at: checked.live_until }
}
