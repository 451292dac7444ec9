//! The pages that a problem's `type` points to.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use contract::problem::Slug;

use crate::{Failure, resource};

/// Adds `/problems/{slug}`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/problems/{slug}").get(page));
}

async fn page(slug: web::Path<String>) -> Result<HttpResponse, Failure> {
    let known = Slug::ALL.iter().find(|known| known.as_str() == *slug);
    let slug = known.ok_or_else(|| Failure::new(Slug::NotFound, "There is no such kind of problem."))?;
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>body{{max-width:42rem;margin:2rem auto;\
         padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color-scheme:light dark}}</style><body>",
        slug.as_str()
    );
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(slug.page()));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(html))
}
