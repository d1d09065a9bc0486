use super::*;
use crate::principal::Authenticator;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use async_trait::async_trait;
use jsonwebtoken::{DecodingKey, encode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Keys as the test says, and how often they were asked for.
#[derive(Clone, Default)]
struct Source {
    keys: Arc<std::sync::Mutex<Option<JsonWebKeySet>>>,
    asked: Arc<AtomicUsize>,
}

impl Source {
    fn of(signers: &[&Signer]) -> Self {
        let source = Self::default();
        source.set(signers);
        source
    }

    fn set(&self, signers: &[&Signer]) {
        let keys = signers.iter().map(|signer| signer.public().clone()).collect();
        *self.keys.lock().expect("keys") = Some(JsonWebKeySet { keys });
    }
}

#[async_trait]
impl KeySource for Source {
    async fn keys(&self) -> Result<JsonWebKeySet, KeysUnavailable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.keys.lock().expect("keys").clone().ok_or_else(|| KeysUnavailable("nobody there".to_owned()))
    }
}

fn signer() -> Signer {
    Signer::generate().expect("a key")
}

/// A caller who may read jobs, and no more.
fn ann() -> Principal {
    let scopes = [common::Scope::JobsRead].into_iter().collect();
    let owner = OwnerId::parse("ann").expect("an owner");
    let limits = Limits { open_jobs: Some(2), ..Limits::default() };
    Principal { user: Some(UserId::new()), role: Role::Member, scopes, limits, ..Principal::local(owner) }
}

/// A proof with other words in head and body, signed by the key unless `alg` says otherwise.
fn forged(signer: &Signer, change: impl Fn(&mut Header, &mut Value)) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "nbf": now, "exp": now + 60,
        "role": "member", "scope": "jobs:read" });
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(signer.public().kid.clone());
    change(&mut header, &mut claims);
    encode(&header, &claims, &signer.key).expect("signed")
}

fn unsigned(header: &Value, signer: &Signer) -> String {
    let whole = signer.sign(&ann()).expect("signed");
    let body = whole.split('.').nth(1).expect("a body");
    format!("{}.{body}.", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// Protects everybody's objects: what the gateway signed is believed, for as long as it said; anything else proves
/// nothing, whatever it looks like.
#[tokio::test]
async fn only_the_gateways_word_counts() {
    let (ours, other, ann) = (signer(), signer(), ann());
    let verifier = Verifier::new(Source::of(&[&ours]));
    let proof = ours.sign(&ann).expect("signed");
    assert_eq!(verifier.caller(&proof).await.expect("told"), Some(ann.clone()));

    let kid = &ours.public().kid;
    let public = ours.public().x.clone();
    let hmac = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.clone());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
        let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "nbf": now, "exp": now + 60,
            "role": "member", "scope": "jobs:read" });
        encode(&header, &claims, &EncodingKey::from_secret(secret).expect("a key")).expect("signed")
    };
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    let mut changed = proof.clone().into_bytes();
    let last = changed.len() - 10;
    changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
    let refused = [
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("another key under our id", forged(&other, |header, _| header.kid = Some(kid.clone()))),
        ("a key nobody knows", other.sign(&ann).expect("signed")),
        ("no key id", forged(&ours, |header, _| header.kid = None)),
        ("ended", ours.sign_at(&ann, now - hour).expect("signed")),
        ("not begun", ours.sign_at(&ann, now + hour).expect("signed")),
        ("another issuer", forged(&ours, |_, claims| claims["iss"] = json!("somebody"))),
        ("another audience", forged(&ours, |_, claims| claims["aud"] = json!("others"))),
        ("no end", forged(&ours, |_, claims| drop(claims.as_object_mut().expect("claims").remove("exp")))),
        ("no audience", forged(&ours, |_, claims| drop(claims.as_object_mut().expect("claims").remove("aud")))),
        ("an owner that is a path", forged(&ours, |_, claims| claims["sub"] = json!("../x"))),
        ("an unknown role", forged(&ours, |_, claims| claims["role"] = json!("root"))),
        ("an unknown scope", forged(&ours, |_, claims| claims["scope"] = json!("jobs:read all"))),
        ("no scopes", forged(&ours, |_, claims| drop(claims.as_object_mut().expect("claims").remove("scope")))),
        ("no role", forged(&ours, |_, claims| drop(claims.as_object_mut().expect("claims").remove("role")))),
        ("alg none", unsigned(&json!({ "alg": "none", "kid": kid }), &ours)),
        ("no signature", unsigned(&json!({ "alg": "EdDSA", "kid": kid }), &ours)),
        ("HS256 with the public key", hmac(public.as_bytes())),
        ("HS256 with its bytes", hmac(&BASE64_URL_SAFE_NO_PAD.decode(&public).expect("base64"))),
        ("a changed signature", String::from_utf8(changed).expect("text")),
    ];
    for (what, proof) in refused {
        assert_eq!(verifier.caller(&proof).await.expect("told"), None, "{what}");
    }
    assert!(DecodingKey::from_ed_components(&public).is_ok(), "the public key is one");
}

/// Protects rolling restarts and the gateway: a key that is new is found at once, made-up keys do not become a flood of
/// questions, and who is known stays known while the gateway is away.
#[tokio::test]
async fn keys_are_asked_for_when_needed() {
    let (first, second, ann) = (signer(), signer(), ann());
    let source = Source::default();
    let verifier = Verifier::new(source.clone());
    assert!(verifier.check().await.is_err(), "never had: nothing can be told");
    source.set(&[&first]);
    verifier.check().await.expect("had");
    let proof = first.sign(&ann).expect("signed");
    assert_eq!(verifier.caller(&proof).await.expect("told"), Some(ann.clone()));

    // At once, though keys were asked for a moment ago.
    source.set(&[&first, &second]);
    let proof = second.sign(&ann).expect("signed");
    assert_eq!(verifier.caller(&proof).await.expect("told"), Some(ann.clone()), "a new key");

    let before = source.asked.load(Ordering::Relaxed);
    let unknown: Vec<String> = (0..50).map(|_| signer().sign(&ann).expect("signed")).collect();
    let told = futures::future::join_all(unknown.iter().map(|proof| verifier.caller(proof))).await;
    assert!(told.into_iter().all(|told| told.expect("told").is_none()));
    assert!(source.asked.load(Ordering::Relaxed) - before <= 2, "a flood of questions");

    *source.keys.lock().expect("keys") = None;
    assert_eq!(verifier.caller(&proof).await.expect("told"), Some(ann.clone()), "the gateway is away");
    let unknown: Vec<String> = (0..3).map(|_| signer().sign(&ann).expect("signed")).collect();
    let told = futures::future::join_all(unknown.iter().map(|proof| verifier.caller(proof))).await;
    assert!(told.iter().all(Result::is_err), "who may be known is not called a stranger");
}

/// Protects against proofs that are sent twice to confuse: one header, or nobody.
#[tokio::test]
async fn one_proof_or_none() {
    let (ours, ann) = (signer(), ann());
    let verifier = Verifier::new(Source::of(&[&ours]));
    let proof = HeaderValue::from_str(&ours.sign(&ann).expect("signed")).expect("a header");
    let name = HeaderName::from_static(HEADER);
    let mut headers = HeaderMap::new();
    assert_eq!(verifier.authenticate(&headers, "GET", "/").await.expect("told"), None);
    headers.append(name.clone(), proof.clone());
    let known = verifier.authenticate(&headers, "GET", "/").await.expect("told").expect("known");
    assert_eq!(known, Principal { pass: known.pass.clone(), ..ann });
    assert!(known.pass.is_some());
    headers.append(name, proof);
    assert_eq!(verifier.authenticate(&headers, "GET", "/").await.expect("told"), None);
}
