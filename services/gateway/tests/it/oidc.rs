//! Signing in by an issuer of OpenID Connect, against a stand-in for one.

use crate::people::told;
use crate::support::{World, problem, send, world_of};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gateway::{Oidc, OidcSettings, Way};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

const CALLBACK: &str = "/api/v1/auth/oidc/callback";

/// What the issuer was told of a sign-in, and what it will say in the ID token beside that.
#[derive(Clone)]
struct Granted {
    challenge: String,
    claims: Value,
}

/// An issuer that gives what the test says.
#[derive(Clone)]
struct Issuer {
    address: String,
    codes: Arc<Mutex<HashMap<String, Granted>>>,
}

impl Issuer {
    fn start() -> Self {
        let der = Ed25519KeyPair::generate().expect("a key").to_pkcs8v1().expect("a key");
        let key = EncodingKey::from_ed_der(der.as_ref());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).expect("a public key");
        public.common.key_id = Some("k".to_owned());
        let codes: Arc<Mutex<HashMap<String, Granted>>> = Arc::default();
        let shared = codes.clone();
        let server = HttpServer::new(move || {
            let (public, key, codes) = (public.clone(), key.clone(), shared.clone());
            let keys = move || std::future::ready(HttpResponse::Ok().json(json!({ "keys": [public] })));
            let tokens =
                move |request: HttpRequest, body: String| std::future::ready(token(&request, &body, &key, &codes));
            App::new()
                .route("/.well-known/openid-configuration", web::get().to(about))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(tokens))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { address, codes }
    }

    /// A code for a sign-in that was begun, as after the person agreed; with other claims where something is changed.
    fn agree(&self, url: &Url, change: impl FnOnce(&mut Value)) -> String {
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
        let mut claims = json!({ "iss": self.address, "aud": "darkroom", "sub": "ann-1", "nonce": asked["nonce"],
            "exp": now + 60, "iat": now, "name": "Ann Lee", "email": "Ann@example.org", "email_verified": true });
        change(&mut claims);
        let code = format!("code-{}", asked["state"]);
        let granted = Granted { challenge: asked["code_challenge"].clone(), claims };
        self.codes.lock().expect("codes").insert(code.clone(), granted);
        code
    }

    async fn gateway(&self) -> World {
        let settings = OidcSettings {
            issuer: self.address.clone(),
            client_id: "darkroom".to_owned(),
            client_secret: Some("of the test".to_owned()),
            name: "the test".to_owned(),
            redirect_uri: format!("https://darkroom.test{CALLBACK}"),
        };
        world_of(Way::Oidc(Arc::new(Oidc::new(settings).expect("an issuer")))).await
    }
}

async fn about(request: HttpRequest) -> HttpResponse {
    let address = format!("http://{}", request.connection_info().host());
    HttpResponse::Ok().json(json!({ "issuer": address, "authorization_endpoint": format!("{address}/authorize?a=b"),
        "token_endpoint": format!("{address}/token"), "jwks_uri": format!("{address}/keys") }))
}

/// The issuer's part: the client, the code and its proof must be right, and a code is good once.
fn token(
    request: &HttpRequest,
    body: &str,
    key: &EncodingKey,
    codes: &Mutex<HashMap<String, Granted>>,
) -> HttpResponse {
    let form = Url::parse(&format!("http://form?{body}")).expect("a form");
    let sent: HashMap<_, _> = form.query_pairs().into_owned().collect();
    let client = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode("darkroom:of+the+test"));
    let known = request.headers().get("authorization").is_some_and(|value| value.as_bytes() == client.as_bytes());
    let granted = codes.lock().expect("codes").remove(&sent["code"]);
    let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
    let returns = sent["redirect_uri"] == format!("https://darkroom.test{CALLBACK}");
    match granted.filter(|granted| known && returns && granted.challenge == proof) {
        Some(granted) => {
            let mut header = Header::new(Algorithm::EdDSA);
            header.kid = Some("k".to_owned());
            let id_token = encode(&header, &granted.claims, key).expect("signed");
            HttpResponse::Ok().json(json!({ "id_token": id_token, "access_token": "x", "token_type": "Bearer" }))
        }
        None => HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" })),
    }
}

/// A sign-in that has begun: where the browser is sent, by what it is known, and what the browser keeps.
async fn begin(world: &World) -> (Url, String, String) {
    let (status, cookie, location) = {
        let answer = send(world.get("/api/v1/auth/oidc/start")).await;
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        (answer.status().as_u16(), header("set-cookie"), header("location"))
    };
    assert_eq!(status, 303);
    for part in ["HttpOnly", "SameSite=Lax", &format!("Path={CALLBACK}")] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let url: Url = location.parse().expect("an address");
    let state = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    (url, state, cookie.split(';').next().expect("a pair").to_owned())
}

fn back(world: &World, query: &str, cookie: &str) -> reqwest::RequestBuilder {
    world.get(&format!("{CALLBACK}?{query}")).header("cookie", cookie)
}

/// Protects sign-in by an issuer: whoever agrees there is in, as the same person each time, by a session of the usual
/// kind; passwords are no way in then.
#[actix_web::test]
async fn an_issuer_lets_people_in() {
    let issuer = Issuer::start();
    let world = issuer.gateway().await;
    let (_, _, config) = told(world.get("/api/v1/config")).await;
    assert_eq!((config["sign_in"].as_str(), config["oidc_name"].as_str()), (Some("oidc"), Some("the test")));
    let mut owners = Vec::new();
    for _ in 0..2 {
        let (url, state, cookie) = begin(&world).await;
        assert!(url.as_str().starts_with(&format!("{}/authorize?a=b&", issuer.address)), "{url}");
        let code = issuer.agree(&url, |_| {});
        let answer = send(back(&world, &format!("code={code}&state={state}&iss={}", issuer.address), &cookie)).await;
        assert_eq!(answer.status().as_u16(), 303);
        let cookies = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("text"));
        let session = cookies.filter(|one| one.contains("SameSite=Strict")).map(str::to_owned).collect::<Vec<_>>();
        let pair = session[0].split(';').next().expect("a pair").to_owned();
        let (status, _, me) = told(world.get("/api/v1/me").header("cookie", pair)).await;
        assert_eq!(
            (status, me["role"].as_str(), me["user"]["email"].as_str()),
            (200, Some("member"), Some("ann@example.org"))
        );
        owners.push(me["owner"].clone());
    }
    assert_eq!(owners[0], owners[1], "the same person");
    let body = json!({ "email": "ann@example.org", "password": "x" });
    problem(world.post("/api/v1/auth/sign-in").json(&body), 409, "sign_in_elsewhere").await;
}

/// Protects against sign-ins that others began, repeated answers, codes that are not of this sign-in, and tokens that
/// are not for it.
#[actix_web::test]
async fn only_ones_own_sign_in_counts() {
    let issuer = Issuer::start();
    let world = issuer.gateway().await;
    problem(back(&world, "code=x&state=made-up", "a=b"), 401, "unauthorized").await;

    // Begun in another browser.
    let (url, state, _) = begin(&world).await;
    let (_, _, other) = begin(&world).await;
    let code = issuer.agree(&url, |_| {});
    problem(back(&world, &format!("code={code}&state={state}"), &other), 401, "unauthorized").await;
    // And then it is used up.
    let (url, state, cookie) = begin(&world).await;
    let code = issuer.agree(&url, |_| {});
    problem(back(&world, &format!("code={code}&state={state}&error=access_denied"), &cookie), 401, "unauthorized")
        .await;
    problem(back(&world, &format!("code={code}&state={state}"), &cookie), 401, "unauthorized").await;

    let (url, state, cookie) = begin(&world).await;
    let code = issuer.agree(&url, |_| {});
    let elsewhere = format!("code={code}&state={state}&iss=https://evil.example");
    problem(back(&world, &elsewhere, &cookie), 401, "unauthorized").await;

    type Change = fn(&mut Value);
    let wrong: [Change; 5] = [
        |claims| claims["nonce"] = json!("another"),
        |claims| claims["aud"] = json!("others"),
        |claims| claims["iss"] = json!("https://evil.example"),
        |claims| claims["exp"] = json!(1),
        |claims| claims["aud"] = json!(["darkroom", "others"]),
    ];
    for change in wrong {
        let (url, state, cookie) = begin(&world).await;
        let code = issuer.agree(&url, change);
        problem(back(&world, &format!("code={code}&state={state}"), &cookie), 401, "unauthorized").await;
    }
}
