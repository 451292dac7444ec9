//! Query strings of a known shape.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use contract::page::{DEFAULT_LIMIT, MAX_LIMIT};
use contract::problem::{Problem, Slug};
use serde::de::DeserializeOwned;

use crate::Failure;

/// The query string. What does not fit is `invalid-request`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = actix_web::web::Query::<T>::from_query(request.query_string());
        ready(
            read.map(|query| Self(query.into_inner())).map_err(|error| {
                Failure::new(Slug::InvalidRequest, format!("The query string is not valid: {error}."))
            }),
        )
    }
}

impl<T> Query<T> {
    /// How many items to give: the default when none is named, an error when it is 0 or over the maximum.
    pub fn limit(limit: Option<u32>) -> Result<u32, Problem> {
        match limit {
            None => Ok(DEFAULT_LIMIT),
            Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            Some(limit) => {
                let detail = format!("limit is {limit}, and must be from 1 to {MAX_LIMIT}.");
                Err(Problem::new(Slug::InvalidRequest, detail))
            }
        }
    }
}
