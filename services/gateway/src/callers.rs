//! Who is asking: by the local token, an API key, a browser's session, or a session token of Clerk's.

use crate::clerk::{Clerk, ClerkCaller};
use crate::known::{Digest, Found, KnownCallers};
use crate::secret;
use crate::store::{DbErr, Source, Store, Subject, UserRow};
use crate::token::LocalToken;
use crate::way::Way;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use async_trait::async_trait;
use common::{ErrorCode, OwnerId, Scope, Scopes};
use edge::{Allowance, Authenticator, Principal, Problem};
use percent_encoding::percent_decode_str;
use sha2::Digest as _;
use sha2::Sha256;
use shared::Allowances;
use std::fmt;
use std::time::Instant;

/// Session cookies of one request that are looked up.
const MAX_COOKIES: usize = 4;

/// Knows callers by what they show.
pub struct Callers {
    token: LocalToken,
    cookie: String,
    store: Store,
    known: KnownCallers,
    way: Way,
    allowances: Allowances,
}

/// What a caller shows. The tag keeps one kind from passing as another.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Token,
    Key { prefix: &'a str, secret: &'a [u8] },
    Session(&'a [u8]),
    Clerk { token: &'a [u8], clerk: &'a Clerk },
}

impl Shown<'_> {
    fn digest(self) -> Digest {
        let (kind, text): (u8, &[&[u8]]) = match &self {
            Self::Token => (0, &[]),
            Self::Key { prefix, secret } => (1, &[prefix.as_bytes(), secret]),
            Self::Session(id) => (2, &[id]),
            Self::Clerk { token, .. } => (3, &[token]),
        };
        let mut hash = Sha256::new();
        hash.update([kind]);
        text.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }
}

fn principal(user: UserRow, scopes: Scopes) -> Principal {
    Principal { user: Some(user.id), role: user.role, scopes, limits: user.limits, ..Principal::local(user.owner) }
}

/// Why nobody was looked up.
enum Trouble {
    /// The rows cannot be looked at.
    Store(DbErr),
    /// Something else, which the caller is told.
    Said(Problem),
}

impl From<DbErr> for Trouble {
    fn from(error: DbErr) -> Self {
        Self::Store(error)
    }
}

/// What is said while the rows cannot be looked at.
pub(crate) fn unavailable(error: &DbErr) -> Problem {
    tracing::error!(%error, "the gateway's database fails");
    Problem::with_detail(ErrorCode::NotReady, "The server cannot look up who is asking now.").retry_after(2)
}

impl Callers {
    /// Accepts this token, and keys and sessions of this store, and who else is known that way; counts their requests.
    pub(crate) fn new(token: LocalToken, store: Store, way: Way, allowances: Allowances) -> Self {
        // Browsers keep cookies by host, not by port: a name of its own keeps the sessions of two
        // servers on one machine apart.
        let cookie = format!("darkroom_session_{}", mark(&token));
        Self { token, cookie, store, known: KnownCallers::default(), way, allowances }
    }

    /// Name of the session's cookie.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// To be called after every change of people, sessions and keys: from then on this gateway looks again.
    pub(crate) fn forget(&self) {
        self.known.forget();
    }

    /// Who shows this, from memory or from the rows.
    async fn who(&self, shown: Shown<'_>) -> Result<Option<Found>, Problem> {
        let digest = shown.digest();
        let (now, now_ms) = (Instant::now(), database::now().timestamp_millis());
        if let Some(found) = self.known.fresh(&digest, now, now_ms) {
            return Ok(Some(found));
        }
        let before = self.known.before();
        match self.look_up(shown).await {
            Ok(found) => {
                self.known.remember(before, digest, found.clone(), now);
                Ok(found)
            }
            Err(Trouble::Said(problem)) => Err(problem),
            Err(Trouble::Store(error)) => match self.known.stale(&digest, now, now_ms) {
                Some(found) => {
                    tracing::warn!(%error, "a caller is let in by what was known before");
                    Ok(Some(found))
                }
                None => Err(unavailable(&error)),
            },
        }
    }

    async fn look_up(&self, shown: Shown<'_>) -> Result<Option<Found>, Trouble> {
        let everything = Scopes::all();
        let found = match shown {
            Shown::Token => {
                let owner = self.store.user_of(&OwnerId::local()).await?.filter(|user| user.is_active);
                owner.map(|user| Found { principal: principal(user, everything), key: None, ends_at_ms: None })
            }
            Shown::Key { prefix, secret } => {
                let found = self.store.key_by_prefix(prefix).await?;
                let Some((key, user)) = found.filter(|(key, _)| secret::matches(secret, &key.hash)) else {
                    return Ok(None);
                };
                self.note(self.store.key_used(key.id).await);
                let ends_at_ms = key.ends_at.map(|at| at.timestamp_millis());
                let limited = key.requests_per_minute.map(|most| (key.id, most));
                Some(Found { principal: principal(user, key.scopes), key: limited, ends_at_ms })
            }
            Shown::Session(id) => {
                let Some((session, user)) = self.store.session_by_hash(&secret::hash(id)).await? else {
                    return Ok(None);
                };
                self.note(self.store.session_used(session.id).await);
                let principal = Principal { session: Some(session.id), ..principal(user, everything) };
                Some(Found { principal, key: None, ends_at_ms: Some(session.ends_at.timestamp_millis()) })
            }
            Shown::Clerk { token, clerk } => {
                let Ok(token) = std::str::from_utf8(token) else { return Ok(None) };
                let caller = clerk.caller(token).await.map_err(|error| {
                    tracing::error!(%error, "nobody can be known by Clerk");
                    let detail = "The server cannot check who is asking now.";
                    Trouble::Said(Problem::with_detail(ErrorCode::NotReady, detail).retry_after(5))
                })?;
                let Some(caller) = caller else { return Ok(None) };
                let user = self.by_clerk(clerk, &caller).await?;
                let ends_at_ms = Some(caller.expires.saturating_mul(1000));
                user.is_active.then(|| Found { principal: principal(user, everything), key: None, ends_at_ms })
            }
        };
        if let Some(user) = found.as_ref().and_then(|found| found.principal.user) {
            self.note(self.store.seen(user).await);
        }
        Ok(found)
    }

    /// The person that a token of Clerk's speaks of, made when first seen.
    async fn by_clerk(&self, clerk: &Clerk, caller: &ClerkCaller) -> Result<UserRow, DbErr> {
        let team = caller.team.as_deref();
        if let Some(user) = self.store.user_by_subject(&clerk.issuer, &caller.subject).await? {
            if user.team.as_deref() != team {
                self.store.set_team(user.id, team).await?;
            }
            return Ok(user);
        }
        let profile = clerk.profile(&caller.subject).await;
        let email = profile.email.map(|email| email.to_lowercase());
        let new = Subject {
            source: Source::Clerk,
            issuer: &clerk.issuer,
            subject: &caller.subject,
            name: profile.name.as_deref().unwrap_or(&caller.subject),
            email: email.as_deref(),
            team,
        };
        self.store.make_subject(&new, "unknown").await
    }

    /// When something was last used is told if it can be: nobody is kept out for it.
    fn note(&self, written: Result<(), DbErr>) {
        if let Err(error) = written {
            tracing::warn!(%error, "a use could not be written down");
        }
    }

    /// Who shows one of the cookies.
    /// Whether the request carries a cookie of a session of this server, whatever became of the session.
    pub(crate) fn has_session(&self, headers: &HeaderMap) -> bool {
        cookies(headers, &self.cookie).next().is_some()
    }

    async fn by_cookie(&self, headers: &HeaderMap) -> Result<Option<Found>, Problem> {
        // A browser sends one; more come only from other programs on this host.
        for id in cookies(headers, &self.cookie).take(MAX_COOKIES) {
            if let Some(known) = self.who(Shown::Session(id)).await? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    async fn by_bearer(&self, shown: &[u8]) -> Result<Option<Found>, Problem> {
        if self.token.matches(shown) {
            return self.who(Shown::Token).await;
        }
        match (secret::parse_key(shown), self.way.clerk()) {
            (Some((prefix, secret)), _) => self.who(Shown::Key { prefix, secret }).await,
            (None, Some(clerk)) => self.who(Shown::Clerk { token: shown, clerk }).await,
            (None, None) => Ok(None),
        }
    }
}

/// What tells the sessions and links of this server apart from those of another with another token.
pub(crate) fn mark(token: &LocalToken) -> String {
    hex::encode(&Sha256::digest(format!("cookie name {}", token.reveal()))[..4])
}

#[async_trait]
impl Authenticator for Callers {
    /// Who it is, and one request of theirs: the proxy asks once for each, and so does one process. Runs are counted here,
    /// too: the sandbox has no way to what replicas share.
    async fn authenticate(&self, headers: &HeaderMap, method: &str, path: &str) -> Result<Option<Principal>, Problem> {
        let Some(Found { principal, key, .. }) = self.sender(headers, method).await? else { return Ok(None) };
        // The key first: what one program wastes must not be taken from the person's other programs.
        if let Some((key, most_per_minute)) = key {
            self.allowances.spend_key(key, most_per_minute).await?;
        }
        let Principal { owner, limits, scopes, .. } = &principal;
        self.allowances.spend(owner, limits, Allowance::Requests, 1).await?;
        if scopes.allows(Scope::ExecutionsWrite) && is_run(method, path) {
            self.allowances.spend(owner, limits, Allowance::Runs, 1).await?;
        }
        Ok(Some(principal))
    }
}

/// Whether a request asks for a run of the caller's own code. Services decode paths before they route, so spelling it
/// `%65xecutions` does not make it another request.
fn is_run(method: &str, path: &str) -> bool {
    method == "POST" && percent_decode_str(path).eq(*b"/api/v1/executions")
}

impl Callers {
    /// Decides by the Authorization header if there is one, else by the cookie.
    async fn sender(&self, headers: &HeaderMap, method: &str) -> Result<Option<Found>, Problem> {
        let mut given = headers.get_all(AUTHORIZATION);
        match (given.next(), given.next()) {
            (Some(value), None) => {
                return match bearer(value.as_bytes()) {
                    Some(shown) => self.by_bearer(shown).await,
                    None => Ok(None),
                };
            }
            (Some(_), Some(_)) => return Ok(None),
            (None, _) => {}
        }
        let known = self.by_cookie(headers).await?;
        if known.is_some() && !is_safe(method) && !is_same_origin(headers) {
            let detail = "A change asked for by session cookie must come from this server's own pages.";
            return Err(Problem::with_detail(ErrorCode::Forbidden, detail));
        }
        Ok(known)
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callers").finish_non_exhaustive()
    }
}

/// The credentials of `Bearer TOKEN`. Works on bytes: a header may hold any.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at(space);
    scheme.eq_ignore_ascii_case(b"bearer").then(|| rest.trim_ascii())
}

/// The values of all cookies of this name. Works on bytes: one odd cookie of another program on this
/// host must not hide ours.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = headers.get_all(COOKIE).flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Whether a browser says the request comes from one of our own pages. `SameSite` alone does not: all
/// ports of one host count as the same site.
fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site.as_bytes() == b"same-origin";
    }
    let (Some(origin), Some(host)) = (headers.get(ORIGIN), headers.get(HOST)) else { return false };
    let origin = origin.as_bytes();
    let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    type Header = (&'static str, &'static [u8]);

    fn headers(pairs: &[Header]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().expect("a header name");
            headers.append(name, HeaderValue::from_bytes(value).expect("a header value"));
        }
        headers
    }

    /// Protects the cookie against pages of other origins, ports included.
    #[test]
    fn same_origin_is_told_apart() {
        let host: Header = ("host", b"127.0.0.1:8080");
        let cases: [(&[Header], bool); 8] = [
            (&[host, ("sec-fetch-site", b"same-origin")], true),
            (&[host, ("sec-fetch-site", b"same-site"), ("origin", b"http://127.0.0.1:8080")], false),
            (&[host, ("sec-fetch-site", b"cross-site")], false),
            (&[host, ("origin", b"http://127.0.0.1:8080")], true),
            (&[host, ("origin", b"http://127.0.0.1:3000")], false),
            (&[host, ("origin", b"null")], false),
            (&[host, ("origin", b"http://\xff")], false),
            (&[host], false),
        ];
        for (pairs, expected) in cases {
            assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    /// Protects sign-in beside other programs' cookies, and against headers no client should send.
    #[test]
    fn credentials_are_found_among_odd_bytes() {
        let headers = headers(&[("cookie", b"a=\xff; s=1;s=2; ss=3;"), ("cookie", b"s=4")]);
        assert_eq!(cookies(&headers, "s").collect::<Vec<_>>(), [b"1", b"2", b"4"]);
        assert_eq!(bearer(b"bEaReR  abc "), Some(&b"abc"[..]));
        for odd in [&b""[..], b"Bearer", b"abc", b"Basic abc", b"\xff\xfe \xff", b" Bearer abc"] {
            assert_eq!(bearer(odd), None, "{odd:?}");
        }
    }
}
