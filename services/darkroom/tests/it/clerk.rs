//! Signing in by Clerk, against a stand-in for it: keys and people of the test's own.

use crate::access::matrix::operations;
use crate::harness::{Server, sample};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

const PARTY: &str = "https://darkroom.test";

/// Bytes of PKCS #8 around an RSA key of 2048 bits (RFC 5208): what is signed with is what stands inside (RFC 8017, A.1.2).
const PKCS8_HEAD: usize = 26;

fn rsa() -> EncodingKey {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&KeyPair::generate(KeySize::Rsa2048).expect("a key")).expect("a key");
    EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_HEAD..])
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs()
}

/// A stand-in for one of Clerk's instances.
struct Instance {
    key: EncodingKey,
    public: Jwk,
    issuer: String,
}

impl Instance {
    fn start() -> Self {
        let key = rsa();
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).expect("a public key");
        public.common.key_id = Some("ins_1".to_owned());
        let keys = json!({ "keys": [public] });
        let server = HttpServer::new(move || {
            let keys = keys.clone();
            let told = move || std::future::ready(HttpResponse::Ok().json(&keys));
            App::new().route("/.well-known/jwks.json", web::get().to(told)).route("/v1/users/{id}", web::get().to(user))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let issuer = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { key, public, issuer }
    }

    /// What joins a server to it.
    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AUTH_MODE", "clerk".to_owned()),
            ("CLERK_PUBLISHABLE_KEY", format!("pk_test_{}", BASE64_STANDARD.encode("clerk.darkroom.test$"))),
            ("CLERK_SECRET_KEY", "the-secret-of-the-test".to_owned()),
            ("CLERK_AUTHORIZED_PARTIES", format!("https://other.test,{PARTY}")),
            ("CLERK_ISSUER", self.issuer.clone()),
            ("CLERK_API_URL", format!("{}/v1", self.issuer)),
        ]
    }

    /// A session token of that person, but for what is changed.
    fn token(&self, subject: &str, change: impl Fn(&mut Header, &mut Value)) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some("ins_1".to_owned());
        let mut claims = json!({ "iss": self.issuer, "sub": subject, "azp": PARTY, "iat": now(), "nbf": now() - 1,
            "exp": now() + 600, "sid": "sess_1", "v": 2, "o": { "id": "org_1", "rol": "admin", "slg": "acme" } });
        change(&mut header, &mut claims);
        encode(&header, &claims, &self.key).expect("signed")
    }

    /// What opens nothing, by what is wrong with it.
    fn refused(&self) -> Vec<(&'static str, String)> {
        let other = rsa();
        let with = |change: &dyn Fn(&mut Value)| self.token("user_ann", |_, claims| change(claims));
        let good = self.token("user_ann", |_, _| {});
        let body = good.split('.').nth(1).expect("a body").to_owned();
        let coded = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let modulus = serde_json::to_value(&self.public).expect("JSON")["n"].as_str().expect("a modulus").to_owned();
        let mut hmac = Header::new(Algorithm::HS256);
        hmac.kid = Some("ins_1".to_owned());
        let claims: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(&body).expect("base64")).expect("claims");
        let by_public_key = EncodingKey::from_secret(modulus.as_bytes()).expect("a key");
        let mut foreign = Header::new(Algorithm::RS256);
        foreign.kid = Some("ins_1".to_owned());
        vec![
            ("expired", with(&|claims| claims["exp"] = json!(now() - 60))),
            ("not begun", with(&|claims| claims["nbf"] = json!(now() + 600))),
            ("wrong issuer", with(&|claims| claims["iss"] = json!("https://clerk.evil.test"))),
            ("wrong party", with(&|claims| claims["azp"] = json!("https://evil.test"))),
            ("no party", with(&|claims| drop(claims.as_object_mut().expect("claims").remove("azp")))),
            ("a session that is pending", with(&|claims| claims["sts"] = json!("pending"))),
            ("alg none", format!("{}.{body}.", coded(json!({ "alg": "none", "kid": "ins_1" })))),
            ("no signature", format!("{}.{body}.", coded(json!({ "alg": "RS256", "kid": "ins_1" })))),
            ("HS256 with the public key", encode(&hmac, &claims, &by_public_key).expect("signed")),
            ("another key under a known id", encode(&foreign, &claims, &other).expect("signed")),
            ("unknown kid", self.token("user_ann", |header, _| header.kid = Some("ins_2".to_owned()))),
            ("no kid", self.token("user_ann", |header, _| header.kid = None)),
        ]
    }
}

/// What Clerk's Backend API tells about a person; of 'user_quiet' it tells nothing.
async fn user(request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let known = request.headers().get("authorization").is_some_and(|value| value == "Bearer the-secret-of-the-test");
    if !known || *id == "user_quiet" {
        return HttpResponse::Unauthorized().json(json!({ "errors": [] }));
    }
    let email = json!({ "id": "idn_1", "object": "email_address", "email_address": format!("{id}@Example.org"),
        "reserved": false, "verification": null, "linked_to": [], "created_at": 1, "updated_at": 1 });
    let mut told = json!({ "id": *id, "object": "user", "first_name": "Ann", "last_name": "Lee", "has_image": false,
        "primary_email_address_id": "idn_1", "email_addresses": [email], "public_metadata": {}, "created_at": 1 });
    let fields = told.as_object_mut().expect("an object");
    for name in [
        "external_id",
        "primary_phone_number_id",
        "primary_web3_wallet_id",
        "username",
        "mfa_enabled_at",
        "mfa_disabled_at",
        "last_sign_in_at",
        "lockout_expires_in_seconds",
        "verification_attempts_remaining",
        "last_active_at",
        "legal_accepted_at",
    ] {
        fields.insert(name.to_owned(), Value::Null);
    }
    for name in
        ["phone_numbers", "web3_wallets", "passkeys", "external_accounts", "saml_accounts", "enterprise_accounts"]
    {
        fields.insert(name.to_owned(), json!([]));
    }
    for name in [
        "password_enabled",
        "two_factor_enabled",
        "totp_enabled",
        "backup_code_enabled",
        "banned",
        "locked",
        "delete_self_enabled",
        "create_organization_enabled",
    ] {
        fields.insert(name.to_owned(), json!(false));
    }
    fields.insert("updated_at".to_owned(), json!(1));
    HttpResponse::Ok().json(told)
}

fn start(data: &std::path::Path, settings: &[(&'static str, String)]) -> Server {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(data, &settings)
}

/// Protects everything from tokens that Clerk has not made for us: every operation but the public ones answers 401 to
/// each; a good one opens what is its person's, and they are here from then on under their name and in their team.
#[tokio::test(flavor = "multi_thread")]
async fn only_clerks_word_counts() {
    let instance = Instance::start();
    let data = tempfile::tempdir().expect("data");
    let server = start(data.path(), &instance.settings());
    let http = server.stranger();
    let ask = |token: &str, method: Method, path: &str| {
        http.request(method, format!("{}{path}", server.base)).bearer_auth(token)
    };
    let ann = instance.token("user_ann", |_, _| {});
    let me: Value = ask(&ann, Method::GET, "/api/v1/me").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(
        (me["sign_in"].as_str(), me["role"].as_str(), me["team"].as_str()),
        (Some("clerk"), Some("member"), Some("acme")),
        "{me}"
    );
    assert_eq!(
        (me["user"]["name"].as_str(), me["user"]["email"].as_str()),
        (Some("Ann Lee"), Some("user_ann@example.org"))
    );

    let refused = instance.refused();
    for operation in operations(&server).await.iter().filter(|one| !one.is_public()) {
        for (what, token) in &refused {
            let request = operation.request(&server, &http, &BTreeMap::new(), "none").bearer_auth(token);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 401, "{operation} with {what}");
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["code"], "unauthorized", "{operation} with {what}");
        }
    }

    let moved = instance.token("user_ann", |_, claims| {
        claims["v"] = json!(1);
        claims.as_object_mut().expect("claims").remove("o");
        claims["org_id"] = json!("org_2");
        claims["org_slug"] = json!("umbrella");
    });
    let again: Value =
        ask(&moved, Method::GET, "/api/v1/me").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&again["owner"], again["team"].as_str()), (&me["owner"], Some("umbrella")), "the same person");

    let quiet = instance.token("user_quiet", |_, _| {});
    let other: Value =
        ask(&quiet, Method::GET, "/api/v1/me").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((other["user"]["name"].as_str(), &other["user"]["email"]), (Some("user_quiet"), &Value::Null));
    let file = server.upload(&sample("table.png")).await;
    for token in [&ann, &quiet] {
        let answer = ask(token, Method::GET, &format!("/api/v1/files/{file}")).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "the first owner's");
    }
    let users = ask(&ann, Method::GET, "/api/v1/users").send().await.expect("an answer");
    assert_eq!(users.status().as_u16(), 403, "whoever comes by Clerk is a member first");
}

/// Protects people from the wrong door: with Clerk nobody joins or signs in with a password, what the web app needs is
/// told, its policy lets Clerk's scripts in; and while Clerk's keys cannot be had nobody is called a stranger, while the
/// token and API keys go on working.
#[tokio::test(flavor = "multi_thread")]
async fn clerk_is_told_and_may_be_away() {
    let instance = Instance::start();
    let data = tempfile::tempdir().expect("data");
    let mut settings = instance.settings();
    // Nobody listens there.
    settings.retain(|(name, _)| *name != "CLERK_ISSUER");
    settings.push(("CLERK_ISSUER", "http://127.0.0.1:9".to_owned()));
    let server = start(data.path(), &settings);
    let (_, config) = server.get("/api/v1/config").await;
    assert_eq!((config["sign_in"].as_str(), &config["clerk_publishable_key"]), (Some("clerk"), &json!(settings[1].1)));
    assert!(!config.to_string().contains("the-secret-of-the-test"));

    let http = server.stranger();
    let token = instance.token("user_ann", |_, claims| claims["iss"] = json!("http://127.0.0.1:9"));
    let away = http.get(format!("{}/api/v1/me", server.base)).bearer_auth(&token).send().await.expect("an answer");
    assert_eq!(away.status().as_u16(), 503);
    assert!(away.headers().contains_key("retry-after"));
    let garbage = http.get(format!("{}/api/v1/me", server.base)).bearer_auth("a.b.c").send().await.expect("an answer");
    assert_eq!(garbage.status().as_u16(), 401);
    assert_eq!(server.get("/api/v1/me").await.0, 200);
    let (status, made) = server.post("/api/v1/keys", &json!({ "name": "k", "scopes": ["jobs:read"] })).await;
    assert_eq!(status, 201, "{made}");
    let by_key = http.get(format!("{}/api/v1/jobs", server.base)).bearer_auth(made["key"].as_str().expect("a key"));
    assert_eq!(by_key.send().await.expect("an answer").status().as_u16(), 200);

    for (path, body) in [
        ("/api/v1/auth/sign-in", json!({ "email": "a@b.c", "password": "x" })),
        (
            "/api/v1/auth/join",
            json!({ "code": "x", "name": "A", "email": "a@b.c", "password": "correct horse battery" }),
        ),
        ("/api/v1/invitations", json!({ "role": "owner" })),
    ] {
        let (status, problem) = server.post(path, &body).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("sign_in_elsewhere")), "{path}");
    }
    let page = http.get(&server.base).header("accept", "text/html").send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text");
    if gateway::has_web_app() {
        assert!(policy.contains("script-src 'self' https://clerk.darkroom.test"), "{policy}");
    }
}
