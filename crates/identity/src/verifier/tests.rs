//! One token is good; everything that differs from it is refused, each for its own reason.

use super::*;
use crate::live_session::MockLiveSessionCheck;
use async_trait::async_trait;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use kernel::UserId;
use serde_json::{Value, json};

const NOW: i64 = 1_795_259_294;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOW * 1000)
    }
}

struct OneKey([u8; 32]);

#[async_trait]
impl KeySource for OneKey {
    fn key(&self, kid: &str) -> Option<PublicKey> {
        (kid == "known").then(|| PublicKey::from_ed25519(&self.0))
    }
}

struct Signer {
    private: EncodingKey,
    public: [u8; 32],
}

impl Signer {
    fn new() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let private = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        Self { private, public: pair.public_key().as_ref().try_into().unwrap() }
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.private).unwrap()
    }

    fn verifier(&self, state: Result<SessionState, Unavailable>) -> Verifier {
        let mut sessions = MockLiveSessionCheck::new();
        sessions.expect_check().return_const(state);
        let expected = Expected { issuer: "natter".to_owned(), audience: "chat".to_owned() };
        Verifier::new(Arc::new(OneKey(self.public)), Arc::new(sessions), Arc::new(Stopped), expected)
    }

    /// What becomes of a token with a good header and these claims.
    async fn read(&self, claims: &Value) -> Result<Principal, Refusal> {
        self.verifier(Ok(SessionState::Live)).read_claims(&self.sign(&header(), claims)).await
    }
}

fn header() -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some("known".to_owned());
    header
}

fn claims() -> Value {
    json!({
        "iss": "natter", "aud": "chat", "sub": UserId::new(), "sid": SessionId::new(), "jti": "1",
        "username": "ann", "exp": NOW + 300, "iat": NOW,
    })
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

#[tokio::test]
async fn a_good_token_names_its_principal() {
    let signer = Signer::new();
    let claims = claims();
    let principal = signer.read(&claims).await.unwrap();
    assert_eq!(json!(principal.user_id), claims["sub"]);
    assert_eq!(json!(principal.session_id), claims["sid"]);
    assert_eq!(principal.username, "ann");
    assert_eq!(principal.expires_at, Timestamp::from_millis((NOW + 300) * 1000));
}

#[tokio::test]
async fn each_claim_is_required() {
    let signer = Signer::new();
    let names: Vec<String> = claims().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 8);
    for name in names {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(&name);
        assert_eq!(signer.read(&claims).await, Err(Refusal::Invalid), "without {name}");
        assert_eq!(signer.read(&with(&name, Value::Null)).await, Err(Refusal::Invalid), "{name} is null");
    }
}

#[tokio::test]
async fn each_claim_has_its_type() {
    let signer = Signer::new();
    for (claim, value) in [
        ("iss", json!(["natter"])),
        ("aud", json!(["chat"])),
        ("aud", json!(["chat", "other"])),
        ("sub", json!("ann")),
        ("sub", json!(7)),
        ("sid", json!("")),
        ("jti", json!(1)),
        ("jti", json!("")),
        ("username", json!({"name": "ann"})),
        ("username", json!("")),
        ("exp", json!((NOW + 300).to_string())),
        ("exp", json!(true)),
        ("exp", json!(1e300)),
        ("iat", json!("now")),
    ] {
        assert_eq!(signer.read(&with(claim, value.clone())).await, Err(Refusal::Invalid), "{claim} is {value}");
    }
}

#[tokio::test]
async fn another_issuer_or_audience_is_refused() {
    let signer = Signer::new();
    for (claim, value) in [("iss", "natter2"), ("iss", ""), ("aud", "natter"), ("aud", "Chat")] {
        assert_eq!(signer.read(&with(claim, json!(value))).await, Err(Refusal::Invalid), "{claim} is {value}");
    }
}

#[tokio::test]
async fn a_token_ends_thirty_seconds_after_its_end_and_not_before() {
    let signer = Signer::new();
    let ending_at = async |exp: i64| {
        let mut claims = with("exp", json!(exp));
        claims["iat"] = json!(exp - 300);
        signer.read(&claims).await
    };
    assert!(ending_at(NOW).await.is_ok());
    assert!(ending_at(NOW - 29).await.is_ok());
    assert_eq!(ending_at(NOW - 30).await, Err(Refusal::Expired));
    assert_eq!(ending_at(NOW - 86_400).await, Err(Refusal::Expired));
}

#[tokio::test]
async fn a_token_from_the_future_is_refused_beyond_the_leeway() {
    let signer = Signer::new();
    assert!(signer.read(&with("iat", json!(NOW + 30))).await.is_ok());
    assert_eq!(signer.read(&with("iat", json!(NOW + 31))).await, Err(Refusal::Invalid));
    assert_eq!(signer.read(&with("iat", json!(i64::MAX))).await, Err(Refusal::Invalid));
    assert_eq!(signer.read(&with("exp", json!(i64::MIN))).await, Err(Refusal::Invalid), "it ends before it begins");
}

#[tokio::test]
async fn another_type_key_id_or_critical_extension_is_refused() {
    let signer = Signer::new();
    let verifier = signer.verifier(Ok(SessionState::Live));
    let changes: [fn(&mut Header); 7] = [
        |header| header.typ = Some("JWT".to_owned()),
        |header| header.typ = Some("AT+JWT".to_owned()),
        |header| header.typ = Some("refresh+jwt".to_owned()),
        |header| header.typ = None,
        |header| header.kid = Some("unknown".to_owned()),
        |header| header.kid = None,
        |header| header.crit = Some(vec!["exp".to_owned()]),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut header = header();
        change(&mut header);
        let token = signer.sign(&header, &claims());
        assert_eq!(verifier.read_claims(&token).await, Err(Refusal::Invalid), "change {number}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_with_our_key_is_refused() {
    let signer = Signer::new();
    let verifier = signer.verifier(Ok(SessionState::Live));
    let foreign = Signer::new().sign(&header(), &claims());
    assert_eq!(verifier.read_claims(&foreign).await, Err(Refusal::Invalid));

    let mut hmac = header();
    hmac.alg = Algorithm::HS256;
    let with_public_key = EncodingKey::from_secret(&signer.public);
    let confused = jsonwebtoken::encode(&hmac, &claims(), &with_public_key).unwrap();
    assert_eq!(verifier.read_claims(&confused).await, Err(Refusal::Invalid));

    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let head = part(&json!({"typ": "at+jwt", "alg": alg, "kid": "known"}));
        let unsigned = format!("{head}.{}.", part(&claims()));
        assert_eq!(verifier.read_claims(&unsigned).await, Err(Refusal::Invalid), "{alg}");
    }
}

#[tokio::test]
async fn a_changed_claim_breaks_the_signature() {
    let signer = Signer::new();
    let token = signer.sign(&header(), &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let other = URL_SAFE_NO_PAD.encode(with("username", json!("bob")).to_string());
    let forged = format!("{}.{other}.{}", parts[0], parts[2]);
    assert_eq!(signer.verifier(Ok(SessionState::Live)).read_claims(&forged).await, Err(Refusal::Invalid));
}

#[tokio::test]
async fn what_is_no_jwt_is_refused() {
    let signer = Signer::new();
    let verifier = signer.verifier(Ok(SessionState::Live));
    // The third has the form of a refresh token, which is never an access token.
    let refresh = URL_SAFE_NO_PAD.encode([1u8; 53]);
    let huge = format!("{}.{}.x", "a".repeat(5_000_000), "b".repeat(10));
    for token in ["", "...", &refresh, "a.b.c", "Bearer x", &huge, "\u{0}.é.😀"] {
        assert_eq!(verifier.read_claims(token).await, Err(Refusal::Invalid));
    }
}

#[tokio::test]
async fn a_good_token_of_a_dead_session_opens_nothing() {
    let signer = Signer::new();
    let token = signer.sign(&header(), &claims());
    for (state, refusal) in [
        (Ok(SessionState::Over), Refusal::SessionRevoked),
        (Ok(SessionState::AccountDisabled), Refusal::AccountDisabled),
        (Err(Unavailable), Refusal::Unavailable),
    ] {
        assert_eq!(signer.verifier(state).authenticate(&token).await, Err(refusal));
    }
    assert!(signer.verifier(Ok(SessionState::Live)).authenticate(&token).await.is_ok());
}

#[tokio::test]
async fn a_bad_token_never_asks_about_a_session() {
    let signer = Signer::new();
    let expected = Expected { issuer: "natter".to_owned(), audience: "chat".to_owned() };
    let untouched = Arc::new(MockLiveSessionCheck::new());
    let verifier = Verifier::new(Arc::new(OneKey(signer.public)), untouched, Arc::new(Stopped), expected);
    let expired = signer.sign(&header(), &with("exp", json!(NOW - 60)));
    assert!(verifier.authenticate(&expired).await.is_err());
}

/// Has no key in memory, and finds one when it is asked for.
struct Finder(Result<Option<[u8; 32]>, Unavailable>);

#[async_trait]
impl KeySource for Finder {
    fn key(&self, _: &str) -> Option<PublicKey> {
        None
    }

    async fn find(&self, kid: &str, issued_at: Timestamp) -> Result<Option<PublicKey>, Unavailable> {
        assert_eq!((kid, issued_at), ("known", seconds(NOW)), "asked for another token's key");
        self.0.map(|found| found.map(|bytes| PublicKey::from_ed25519(&bytes)))
    }
}

fn verifier_of(found: Result<Option<[u8; 32]>, Unavailable>) -> Verifier {
    let expected = Expected { issuer: "natter".to_owned(), audience: "chat".to_owned() };
    Verifier::new(Arc::new(Finder(found)), Arc::new(MockLiveSessionCheck::new()), Arc::new(Stopped), expected)
}

#[tokio::test]
async fn a_key_that_is_not_in_memory_is_asked_for_and_its_token_judged_like_any_other() {
    let (signer, other) = (Signer::new(), Signer::new());
    let token = signer.sign(&header(), &claims());
    assert!(verifier_of(Ok(Some(signer.public))).read_claims(&token).await.is_ok());
    for (found, refusal) in [
        (Ok(Some(other.public)), Refusal::Invalid),
        (Ok(None), Refusal::Invalid),
        (Err(Unavailable), Refusal::Unavailable),
    ] {
        assert_eq!(verifier_of(found).read_claims(&token).await, Err(refusal));
    }
}

#[tokio::test]
async fn a_key_is_not_asked_for_when_the_token_could_not_be_good_anyway() {
    let signer = Signer::new();
    let mut expired = with("iat", json!(NOW - 600));
    expired["exp"] = json!(NOW - 300);
    for (claims, refusal) in [
        (expired, Refusal::Expired),
        (with("aud", json!("other")), Refusal::Invalid),
        (with("iat", json!(NOW + 31)), Refusal::Invalid),
        (with("sid", json!(1)), Refusal::Invalid),
    ] {
        // The finder would fail the test: the claims are not those of its token.
        let verifier = verifier_of(Err(Unavailable));
        assert_eq!(verifier.read_claims(&signer.sign(&header(), &claims)).await, Err(refusal));
    }
}
