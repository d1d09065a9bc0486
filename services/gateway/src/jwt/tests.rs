use super::*;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const ISSUER: &str = "https://issuer.example";

/// Keys as the test says, and how often they were asked for.
#[derive(Clone, Default)]
struct Source {
    keys: Arc<std::sync::Mutex<Option<JwkSet>>>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl KeySource for Source {
    async fn keys(&self) -> Result<JwkSet, KeysUnavailable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.keys.lock().expect("keys").clone().ok_or_else(|| KeysUnavailable("nobody there".to_owned()))
    }
}

/// A private key of that kind, its id, and what others are told of it.
struct Pair {
    algorithm: Algorithm,
    private: EncodingKey,
    public: Jwk,
}

impl Pair {
    fn ed25519(kid: &str) -> Self {
        use aws_lc_rs::signature::Ed25519KeyPair;
        let pair = Ed25519KeyPair::generate().expect("a key").to_pkcs8v1().expect("a key");
        Self::of(Algorithm::EdDSA, EncodingKey::from_ed_der(pair.as_ref()), kid)
    }

    fn es256(kid: &str) -> Self {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let der = pair.to_pkcs8v1().expect("a key");
        Self::of(Algorithm::ES256, EncodingKey::from_ec_der(der.as_ref()), kid)
    }

    fn rs256(kid: &str) -> Self {
        use aws_lc_rs::encoding::AsDer;
        use aws_lc_rs::rsa::{KeyPair, KeySize};
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).expect("a key");
        Self::of(Algorithm::RS256, EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_HEAD..]), kid)
    }

    fn of(algorithm: Algorithm, private: EncodingKey, kid: &str) -> Self {
        let mut public = Jwk::from_encoding_key(&private, algorithm).expect("a public key");
        public.common.key_id = Some(kid.to_owned());
        Self { algorithm, private, public }
    }

    fn sign(&self, change: impl Fn(&mut Header, &mut Value)) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
        let mut claims = json!({ "iss": ISSUER, "aud": "us", "sub": "ann", "nbf": now, "exp": now + 60 });
        let mut header = Header::new(self.algorithm);
        header.kid = self.public.common.key_id.clone();
        change(&mut header, &mut claims);
        encode(&header, &claims, &self.private).expect("signed")
    }
}

/// Bytes of PKCS #8 around an RSA key of 2048 bits (RFC 5208): what is signed with is what stands inside (RFC 8017, A.1.2).
const PKCS8_HEAD: usize = 26;

fn verifier(source: &Source) -> Verifier {
    let expected = Expected {
        algorithms: &[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
        issuers: vec![ISSUER.to_owned()],
        audience: Some("us".to_owned()),
        required: &["exp", "nbf", "iss", "sub", "aud"],
    };
    Verifier::new(source.clone(), expected)
}

fn source(pairs: &[&Pair]) -> Source {
    let source = Source::default();
    source.set(pairs);
    source
}

impl Source {
    fn set(&self, pairs: &[&Pair]) {
        let keys = pairs.iter().map(|pair| pair.public.clone()).collect();
        *self.keys.lock().expect("keys") = Some(JwkSet { keys });
    }
}

/// Protects everybody's objects: a token of the issuer for us is believed while it lasts, whichever kind of key signed it;
/// anything else proves nothing, whatever it looks like.
#[tokio::test]
async fn only_the_issuers_word_counts() {
    let (rsa, ec, ed, other) = (Pair::rs256("rsa"), Pair::es256("ec"), Pair::ed25519("ed"), Pair::ed25519("unknown"));
    let verifier = verifier(&source(&[&rsa, &ec, &ed]));
    for pair in [&rsa, &ec, &ed] {
        let claims = verifier.claims::<Value>(&pair.sign(|_, _| {})).await.expect("told").expect("proven");
        assert_eq!(claims["sub"], "ann");
    }
    let at = |seconds: i64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
        json!(now.checked_add_signed(seconds).expect("a time"))
    };
    let hmac = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("ed".to_owned());
        let claims = json!({ "iss": ISSUER, "aud": "us", "sub": "ann", "nbf": at(0), "exp": at(60) });
        encode(&header, &claims, &EncodingKey::from_secret(secret).expect("a key")).expect("signed")
    };
    let whole = ed.sign(|_, _| {});
    let body = whole.split('.').nth(1).expect("a body").to_owned();
    let unsigned = |alg: &str| {
        let header = json!({ "alg": alg, "kid": "ed", "typ": "JWT" }).to_string();
        format!("{}.{body}.", BASE64_URL_SAFE_NO_PAD.encode(header))
    };
    let without =
        |name: &'static str| ed.sign(move |_, claims| drop(claims.as_object_mut().expect("claims").remove(name)));
    let public = serde_json::to_value(&ed.public).expect("JSON")["x"].as_str().expect("a key").to_owned();
    let mut changed = whole.clone();
    let last = changed.pop().expect("a signature");
    changed.insert(changed.len() - 5, if last == 'A' { 'B' } else { 'A' });
    let refused = [
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("another key under a known id", other.sign(|header, _| header.kid = Some("ed".to_owned()))),
        ("a key of another kind", ed.sign(|header, _| header.kid = Some("rsa".to_owned()))),
        ("a key nobody knows", other.sign(|_, _| {})),
        ("no key id", ed.sign(|header, _| header.kid = None)),
        ("ended", ed.sign(|_, claims| claims["exp"] = at(-6))),
        ("not begun", ed.sign(|_, claims| claims["nbf"] = at(30))),
        ("another issuer", ed.sign(|_, claims| claims["iss"] = json!("https://evil.example"))),
        ("another audience", ed.sign(|_, claims| claims["aud"] = json!("them"))),
        ("no end", without("exp")),
        ("no begin", without("nbf")),
        ("no issuer", without("iss")),
        ("nobody", without("sub")),
        ("no audience", without("aud")),
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("no signature", unsigned("EdDSA")),
        ("HS256 with the public key", hmac(public.as_bytes())),
        ("HS256 with its bytes", hmac(&BASE64_URL_SAFE_NO_PAD.decode(&public).expect("base64"))),
        ("a changed signature", changed),
        ("too long", format!("{whole}{}", "A".repeat(MOST_TOKEN_BYTES))),
    ];
    for (what, token) in refused {
        assert!(verifier.claims::<Value>(&token).await.expect("told").is_none(), "{what}");
    }
}

/// Protects against keys that should not be trusted: those for encryption, for another algorithm, without an id, secret
/// ones and weak ones.
#[test]
fn few_keys_are_trusted() {
    let changed = |change: fn(&mut Jwk)| {
        let mut pair = Pair::ed25519("ed");
        change(&mut pair.public);
        trusted(&pair.public).is_some()
    };
    assert!(changed(|_| {}) && changed(|key| key.common.key_algorithm = None));
    assert!(changed(|key| key.common.public_key_use = Some(PublicKeyUse::Signature)));
    assert!(!changed(|key| key.common.public_key_use = Some(PublicKeyUse::Encryption)));
    assert!(!changed(|key| key.common.key_algorithm = Some(KeyAlgorithm::RS256)));
    assert!(!changed(|key| key.common.key_id = None) && !changed(|key| key.common.key_id = Some(String::new())));
    let other: [Value; 3] = [
        json!({ "kty": "oct", "kid": "k", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "k", "n": BASE64_URL_SAFE_NO_PAD.encode([255; 128]), "e": "AQAB" }),
        json!({ "kty": "new", "kid": "k" }),
    ];
    for key in other {
        assert!(trusted(&serde_json::from_value(key.clone()).expect("a key")).is_none(), "{key}");
    }
}

/// Protects issuer and callers: a key that is new is found, made-up keys do not become a flood of questions, many who come
/// at once ask once, and who was known stays known while the issuer is away; where nothing was ever known nobody is called
/// a stranger.
#[tokio::test]
async fn keys_are_asked_for_when_needed() {
    let (first, unknown) = (Pair::ed25519("first"), Pair::ed25519("unknown"));
    let source = Source::default();
    let verifier = verifier(&source);
    let token = first.sign(|_, _| {});
    assert!(verifier.claims::<Value>(&token).await.is_err(), "never had: nothing can be told");
    assert!(verifier.claims::<Value>(&token).await.is_err());
    assert_eq!(source.asked.load(Ordering::Relaxed), 1, "not at every request");

    source.set(&[&first]);
    *verifier.asked.lock().await = None;
    let many = (0..50).map(|_| verifier.claims::<Value>(&token));
    let told = futures::future::join_all(many).await;
    assert!(told.into_iter().all(|told| told.expect("told").is_some()));
    assert_eq!(source.asked.load(Ordering::Relaxed), 2, "one asks for all");

    for _ in 0..50 {
        assert!(verifier.claims::<Value>(&unknown.sign(|_, _| {})).await.expect("told").is_none());
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 2, "a flood of questions");

    *source.keys.lock().expect("keys") = None;
    *verifier.asked.lock().await = None;
    verifier.known.write().await.had = Instant::now().checked_sub(REFRESH);
    assert!(verifier.claims::<Value>(&token).await.expect("told").is_some(), "the issuer is away");
    assert!(verifier.claims::<Value>(&unknown.sign(|_, _| {})).await.is_err(), "whose key may be new");
    assert_eq!(source.asked.load(Ordering::Relaxed), 3);

    source.set(&[&unknown]);
    *verifier.asked.lock().await = None;
    assert!(verifier.claims::<Value>(&unknown.sign(|_, _| {})).await.expect("told").is_some(), "a new key");
    assert!(verifier.claims::<Value>(&token).await.expect("told").is_none(), "a key that was taken back");
}
