//! Paths, and what is said to a method or a path that we do not know.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, ResponseError, web};
use contract::problem::Slug;

use crate::Failure;

/// A path; each method that is added to it answers.
pub fn resource(path: &str) -> Methods {
    Methods { resource: web::resource(path), methods: Vec::new() }
}

/// The methods of a path, which are told to who uses another (RFC 9110, 15.5.6).
pub struct Methods {
    resource: Resource,
    methods: Vec<Method>,
}

impl Methods {
    /// Answers GET, and HEAD, which [`crate::boundary`] makes a GET.
    pub fn get<H, A>(self, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.route(&[Method::GET, Method::HEAD], web::get().to(handler))
    }

    /// Answers POST.
    pub fn post<H, A>(self, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.route(&[Method::POST], web::post().to(handler))
    }

    /// Answers PUT.
    pub fn put<H, A>(self, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.route(&[Method::PUT], web::put().to(handler))
    }

    /// Answers PATCH.
    pub fn patch<H, A>(self, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.route(&[Method::PATCH], web::patch().to(handler))
    }

    /// Gives the handlers of this path something that others do not have.
    pub fn app_data<U: 'static>(self, data: U) -> Self {
        Self { resource: self.resource.app_data(data), ..self }
    }

    fn route(mut self, methods: &[Method], route: actix_web::Route) -> Self {
        self.methods.extend_from_slice(methods);
        Self { resource: self.resource.route(route), ..self }
    }
}

impl HttpServiceFactory for Methods {
    fn register(self, config: &mut AppService) {
        let allowed = self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let refuse = move |request: HttpRequest| std::future::ready(wrong_method(&request, &allowed));
        self.resource.default_service(web::to(refuse)).register(config);
    }
}

fn wrong_method(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let detail = format!("{} cannot be used on {}.", request.method(), request.path());
    let mut response = Failure::new(Slug::MethodNotAllowed, detail).error_response();
    if let Ok(allowed) = allowed.parse() {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// What every other path gets.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, Failure> {
    // A CORS preflight to nowhere is no different.
    let hint = if request.method() == Method::GET { " See /docs for what there is." } else { "" };
    Err(Failure::new(Slug::NotFound, format!("There is nothing at {}.{hint}", request.path())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, http::StatusCode};

    async fn nothing() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[actix_web::test]
    async fn a_method_that_a_path_does_not_know_is_told_those_that_it_does() {
        let app = App::new()
            .wrap(from_fn(crate::boundary))
            .service(resource("/both").post(nothing).get(nothing))
            .service(resource("/put").put(nothing))
            .service(resource("/patch").patch(nothing));
        let app = init_service(app).await;
        for (method, path, allowed) in [
            (Method::DELETE, "/both", Some("POST, GET, HEAD")),
            (Method::HEAD, "/put", Some("PUT")),
            (Method::OPTIONS, "/put", Some("PUT")),
            (Method::HEAD, "/both", None),
            (Method::POST, "/both", None),
            (Method::PUT, "/put", None),
            (Method::PUT, "/patch", Some("PATCH")),
            (Method::PATCH, "/patch", None),
        ] {
            let answer = call_service(&app, TestRequest::with_uri(path).method(method.clone()).to_request()).await;
            let status = if allowed.is_some() { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::OK };
            assert_eq!(answer.status(), status, "{method} {path}");
            let told = answer.headers().get(header::ALLOW).map(|told| told.to_str().unwrap());
            assert_eq!(told, allowed, "{method} {path}");
        }
    }
}
