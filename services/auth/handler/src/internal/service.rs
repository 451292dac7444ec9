//! Whether a request comes from one of our services.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use contract::problem::Slug;
use identity::ServiceKey;
use web::{Failure, bearer};

/// One of our services asks. It has to be the first argument of a handler, so that nothing of a stranger's is read.
pub(super) struct FromService;

impl FromRequest for FromService {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.app_data::<Data<ServiceKey>>();
        let known = key.zip(bearer(request)).is_some_and(|(key, presented)| key.is(presented));
        ready(known.then_some(Self).ok_or_else(|| Failure::new(Slug::TokenInvalid, "This is not the service key.")))
    }
}
