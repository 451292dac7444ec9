//! Paths, and what is said to a method or a path that we do not know.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use contract::problem::Slug;

use crate::Failure;

/// A path whose unknown methods get `method-not-allowed`.
pub fn resource(path: &str) -> Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

async fn wrong_method(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let detail = format!("{} cannot be used on {}.", request.method(), request.path());
    Err(Failure::new(Slug::MethodNotAllowed, detail))
}

/// What every other path gets.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, Failure> {
    // A CORS preflight to nowhere is no different.
    let hint = if request.method() == Method::GET { " See /docs for what there is." } else { "" };
    Err(Failure::new(Slug::NotFound, format!("There is nothing at {}.{hint}", request.path())))
}
