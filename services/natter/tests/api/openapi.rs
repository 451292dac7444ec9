//! What the server says of itself: `/openapi.json`, `/docs`, the pages of problems, meta, health, and the request's id.

use std::collections::BTreeSet;

use contract::problem::Slug;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Answer;

use crate::server::Server;

const PAGE: &str = include_str!("../../../../docs/protocol.md");

/// The calls that the protocol's page lists and that are not planned only, as `POST /v1/rooms/{id}/join`.
fn listed() -> BTreeSet<String> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `") && !line.contains("*(planned)*"));
    let calls = rows.flat_map(|row| row.split(" | ").next().unwrap().split('`'));
    let methods = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "];
    calls
        .filter(|call| methods.iter().any(|method| call.starts_with(method)))
        .map(|call| call.split(['?', ',']).next().unwrap().to_owned())
        .filter(|call| call.contains("/v1/") || call.contains("/.well-known/"))
        .collect()
}

/// The operations of the document: `POST /v1/rooms`, and what is said of it.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

async fn document(server: &Server) -> Value {
    server.rest.get("/openapi.json", "").await.expect(200)
}

fn content_type(answer: &Answer) -> &str {
    answer.headers["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn the_document_has_every_call_of_the_protocol_and_no_other() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let found: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let mut listed = listed();
    assert!(listed.len() > 15, "the page's tables are not read rightly: {listed:?}");
    listed.insert("GET /v1/ws".to_owned());
    assert_eq!(found, listed);
}

#[tokio::test]
async fn every_operation_says_which_problems_it_may_answer() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let has = |status: &str| responses.contains_key(status);
        assert!(responses.keys().any(|status| status.starts_with('2') || status == "101"), "{name}");
        assert!(!operation["security"].is_array() || has("401"), "{name} wants a token and declares no 401");
        assert!(
            !operation["requestBody"].is_object() || (has("400") && has("413") && has("415") && has("422")),
            "{name}"
        );
        let in_path = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "path"));
        assert!(!in_path || has("404"), "{name} has an id in its path and declares no 404");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let content = response["content"].as_object().unwrap_or_else(|| panic!("{name} {status} has no body"));
            assert_eq!(content.keys().collect::<Vec<_>>(), ["application/problem+json"], "{name} {status}");
            let schema = &content["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
        }
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

/// Every `$ref` in a value.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn the_documentation_page_works_in_a_browser_without_the_internet() {
    let server = Server::start(&[]).await;
    let page = server.rest.get("/docs/", "").await;
    assert_eq!((page.status, content_type(&page)), (200, "text/html"));
    assert_eq!(server.rest.get("/docs", "").await.status, 200, "a redirect leads to the page");
    let script = server.rest.get("/docs/swagger-initializer.js", "").await;
    assert_eq!(script.status, 200);
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    for answer in [&page, &script] {
        assert!(!answer.text.contains("://") && !answer.text.contains("src=\"//"), "{}", answer.text);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for allowed in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"] {
            assert!(policy.contains(allowed), "a browser would not show the page: {policy}");
        }
        assert!(!page.text.contains("<script>") || policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
    }
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-standalone-preset.js"] {
        assert_eq!(server.rest.get(&format!("/docs/{file}"), "").await.status, 200, "{file}");
    }
}

#[tokio::test]
async fn every_problem_has_its_page() {
    let server = Server::start(&[]).await;
    for slug in Slug::ALL {
        let page = server.rest.get(&format!("/problems/{}", slug.as_str()), "").await;
        assert_eq!((page.status, content_type(&page)), (200, "text/html; charset=utf-8"), "{slug:?}");
        assert!(page.text.contains(&format!("<h1>{}</h1>", slug.as_str())), "{}", page.text);
    }
}

#[tokio::test]
async fn the_server_says_what_it_is_and_that_it_is_well() {
    let server = Server::start(&[("CHAT_MAX_BODY_CHARS", "100")]).await;
    let meta = server.rest.get("/v1/meta", "").await.expect(200);
    assert_eq!((&meta["name"], &meta["subprotocols"]), (&json!("natter"), &json!(["chat.v1"])));
    assert_eq!(meta["limits"], json!({"max_body_chars": 100, "max_frame_bytes": 131_072, "max_page": 200}));
    assert!(meta["features"].as_array().unwrap().contains(&json!("rooms")) && meta["version"].is_string());
    assert_eq!(server.rest.get("/healthz", "").await.expect(200), json!({"status": "alive"}));
    assert_eq!(server.rest.get("/readyz", "").await.expect(200), json!({"status": "ready"}));
    let keys = server.rest.get("/.well-known/jwks.json", "").await.expect(200);
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["d"]), (&json!("OKP"), &Value::Null), "public keys only");
}

#[tokio::test]
async fn a_sane_request_id_comes_back_and_another_is_replaced() {
    let server = Server::start(&[]).await;
    let ask = async |path: &str, id: &str| {
        let request = server.rest.request(Method::GET, path);
        let answer = server.rest.send(if id.is_empty() { request } else { request.header("x-request-id", id) }).await;
        answer.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    let longest = "x".repeat(64);
    for path in ["/v1/meta", "/v1/users/me", "/nowhere", "/docs/", "/problems/conflict"] {
        for sane in ["a", "Ab-1_2.3", &longest] {
            assert_eq!(ask(path, sane).await, sane, "{path}");
        }
        let mut given = BTreeSet::new();
        for insane in
            ["", "two words", "a\tb", "a,b", "<script>", "a:b", "x\u{fc}", &format!("{longest}x"), "{}", "../x"]
        {
            let id = ask(path, insane).await;
            assert!(id.parse::<uuid::Uuid>().is_ok(), "{path} {insane:?} {id}");
            assert!(given.insert(id), "each request has an id of its own");
        }
    }
}
