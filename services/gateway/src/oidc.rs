//! People whom an issuer of OpenID Connect knows: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636,
//! RFC 9700).

mod discovery;

pub use discovery::OidcError;

use crate::jwt::{Expected, KeysUnavailable, PATIENCE, Verifier, fetch};
use crate::secret;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use discovery::Issuer;
use jsonwebtoken::Algorithm;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What is asked for: who it is, their name and their address.
const SCOPE: &str = "openid profile email";

/// What joins this installation to an issuer.
#[derive(Clone)]
pub struct OidcSettings {
    /// The issuer's address; what it says about itself is found below it.
    pub issuer: String,
    /// The name of this installation there.
    pub client_id: String,
    /// Its secret there; none for public clients.
    pub client_secret: Option<String>,
    /// What the web app calls the issuer.
    pub name: String,
    /// Where the issuer sends browsers back to.
    pub redirect_uri: String,
}

/// What is kept of a sign-in that has begun, until the browser comes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begun {
    nonce: String,
    verifier: String,
    /// SHA-256 of what only the browser that began has.
    browser: String,
}

impl Begun {
    /// Whether this browser is the one that began.
    pub fn is_of(&self, shown: &[u8]) -> bool {
        secret::matches(shown, &self.browser)
    }
}

/// A sign-in to begin.
pub struct Start {
    /// Where the browser goes.
    pub url: String,
    /// By what the issuer's answer is known.
    pub state: String,
    /// What the browser keeps.
    pub browser: String,
    /// What the gateway keeps.
    pub begun: Begun,
}

/// What an ID token says.
#[derive(Debug, Clone, Deserialize)]
struct IdToken {
    sub: String,
    #[serde(default)]
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl IdToken {
    /// Whether it was made for this sign-in of this client (OpenID Connect Core, 3.1.3.7).
    fn is_for(&self, client: &str, nonce: &str) -> bool {
        let same_nonce = self.nonce.as_ref().is_some_and(|told| told.as_bytes().ct_eq(nonce.as_bytes()).into());
        let alone = match &self.aud {
            Audience::One(one) => one == client,
            Audience::Many(many) => many.iter().all(|one| one == client),
        };
        let presented = self.azp.as_ref().map_or(alone, |party| party == client);
        same_nonce && presented && !self.sub.is_empty()
    }
}

/// A person, as the issuer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcPerson {
    /// The issuer's name for them.
    pub subject: String,
    /// What they are called.
    pub name: Option<String>,
    /// Their address, where the issuer has made sure that it is theirs.
    pub email: Option<String>,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// One issuer.
pub struct Oidc {
    issuer: Arc<Issuer>,
    verifier: Verifier,
    http: reqwest::Client,
    settings: OidcSettings,
}

impl Oidc {
    /// The issuer of the settings. It need not be there yet.
    ///
    /// # Errors
    /// The settings name none.
    pub fn new(mut settings: OidcSettings) -> Result<Self, OidcError> {
        settings.issuer = settings.issuer.trim_end_matches('/').to_owned();
        if settings.client_id.is_empty() {
            return Err(OidcError::ClientId);
        }
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(redirects).no_proxy().build();
        let http = http.map_err(|_| OidcError::Http)?;
        let issuer = Arc::new(Issuer::new(&settings.issuer, http.clone())?);
        let expected = Expected {
            algorithms: &[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
            // Some issuers end with a slash, and people leave it out.
            issuers: vec![settings.issuer.clone(), format!("{}/", settings.issuer)],
            audience: Some(settings.client_id.clone()),
            required: &["exp", "iss", "sub", "aud"],
        };
        let verifier = Verifier::new(discovery::IssuerKeys(issuer.clone()), expected);
        Ok(Self { issuer, verifier, http, settings })
    }

    /// The issuer's address.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// What the web app calls it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// The issuer does not tell about itself, or there are no random numbers.
    pub async fn start(&self) -> Result<Start, KeysUnavailable> {
        let about = self.issuer.about().await?;
        let new = || secret::random().map_err(|error| KeysUnavailable(error.to_string()));
        let (state, nonce, verifier, browser) = (new()?, new()?, new()?, new()?);
        let mut url: Url =
            about.authorization_endpoint.parse().map_err(|_| KeysUnavailable("its address is none".to_owned()))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        let begun = Begun { nonce, verifier, browser: secret::hash(browser.as_bytes()) };
        Ok(Start { url: url.into(), state, browser, begun })
    }

    /// Who the issuer's code stands for; `None` when what it gives proves nothing.
    ///
    /// # Errors
    /// The issuer cannot be asked, or refuses the code.
    pub async fn finish(&self, code: &str, begun: &Begun) -> Result<Option<OidcPerson>, KeysUnavailable> {
        let about = self.issuer.about().await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.settings.redirect_uri),
            ("code_verifier", &begun.verifier),
        ];
        let mut request = self.http.post(&about.token_endpoint);
        match &self.settings.client_secret {
            Some(secret) => request = request.header("authorization", basic(&self.settings.client_id, secret)),
            None => fields.push(("client_id", &self.settings.client_id)),
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form(&fields));
        let tokens: Tokens = fetch(request).await?;
        let told = self.verifier.claims::<IdToken>(&tokens.id_token).await?;
        let told = told.filter(|told| told.is_for(&self.settings.client_id, &begun.nonce));
        Ok(told.map(|told| OidcPerson {
            subject: told.sub,
            name: told.name.or(told.preferred_username),
            email: told.email.filter(|_| told.email_verified),
        }))
    }
}

/// What is told of the secret that the code is later asked for with (RFC 7636, 4.2).
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Fields as a form sends them.
fn form(fields: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("http://form") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// Name and secret of a client (RFC 6749, 2.3.1): each as in a form before they are joined.
fn basic(id: &str, secret: &str) -> String {
    let coded = |text: &str| form(&[("", text)]).trim_start_matches('=').to_owned();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", coded(id), coded(secret))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Protects sign-in at any issuer: what is sent has the form that the standards say (the challenge is RFC 7636's own
    /// example).
    #[test]
    fn requests_have_their_form() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(form(&[("a b", "c&d"), ("e", "é=")]), "a+b=c%26d&e=%C3%A9%3D");
        assert_eq!(basic("a:b", "c d"), format!("Basic {}", BASE64_STANDARD.encode("a%3Ab:c+d")));
    }

    /// Protects against tokens of other sign-ins and other clients.
    #[test]
    fn a_token_is_for_one_sign_in() {
        let is_for = |change: Value| {
            let mut all = json!({ "sub": "ann", "aud": "us", "nonce": "n" });
            all.as_object_mut().expect("claims").extend(change.as_object().expect("claims").clone());
            serde_json::from_value::<IdToken>(all).expect("claims").is_for("us", "n")
        };
        for change in [json!({}), json!({ "aud": ["us"] }), json!({ "aud": ["us", "them"], "azp": "us" })] {
            assert!(is_for(change.clone()), "{change}");
        }
        let others = [
            json!({ "nonce": "m" }),
            json!({ "nonce": null }),
            json!({ "sub": "" }),
            json!({ "azp": "them" }),
            json!({ "aud": ["us", "them"] }),
        ];
        for change in others {
            assert!(!is_for(change.clone()), "{change}");
        }
    }
}
