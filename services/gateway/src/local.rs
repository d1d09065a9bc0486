//! Local sign-in: the token, or a session opened by a one-time link.

use crate::session::{SESSION_LIFE, Sessions};
use crate::token::LocalToken;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use async_trait::async_trait;
use common::{ErrorCode, OwnerId};
use edge::{Authenticator, Principal, Problem};
use sha2::{Digest, Sha256};
use shared::{SharedError, SharedHandle};
use std::fmt;

/// Session cookies of one request that are looked up.
const MAX_COOKIES: usize = 4;

/// Knows the local owner by token or by session cookie.
pub struct LocalAuth {
    token: LocalToken,
    cookie: String,
    sessions: Sessions,
}

impl LocalAuth {
    /// Accepts this token, and sessions that stand in the shared state.
    pub fn new(token: LocalToken, shared: SharedHandle) -> Self {
        // Browsers keep cookies by host, not by port: a name of its own keeps the sessions of two
        // servers on one machine apart.
        let mark = hex::encode(&Sha256::digest(format!("cookie name {}", token.reveal()))[..4]);
        let sessions = Sessions::new(shared, &mark);
        Self { token, cookie: format!("darkroom_session_{mark}"), sessions }
    }

    /// A new code for `/signin?code=…`. It works once, for ten minutes.
    ///
    /// # Errors
    /// The shared state fails.
    pub async fn issue_link(&self) -> Result<String, SharedError> {
        self.sessions.issue().await
    }

    /// Uses a code up. Gives the cookie of the session it opened; `None` when the code is wrong, used or
    /// too old. One that was opened over HTTPS is never sent over anything else.
    pub(crate) async fn redeem(&self, code: &str, is_https: bool) -> Result<Option<Cookie<'static>>, SharedError> {
        let Some(id) = self.sessions.redeem(code).await? else { return Ok(None) };
        let life = SESSION_LIFE.as_secs().try_into().unwrap_or(i64::MAX);
        let cookie = Cookie::build(self.cookie.clone(), id).path("/").http_only(true).same_site(SameSite::Strict);
        let cookie = cookie.secure(is_https);
        Ok(Some(cookie.max_age(actix_web::cookie::time::Duration::seconds(life)).finish()))
    }

    /// Whether one of the cookies opens a session.
    async fn has_session(&self, headers: &HeaderMap) -> Result<bool, Problem> {
        // A browser sends one; more come only from other programs on this host.
        for id in cookies(headers, &self.cookie).take(MAX_COOKIES) {
            let open = self.sessions.is_open(id).await.map_err(|error| {
                tracing::error!(%error, "sessions cannot be looked up");
                Problem::with_detail(ErrorCode::NotReady, "The server cannot look up sessions now.").retry_after(2)
            })?;
            if open {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Decides by the Authorization header if there is one, else by the cookie.
    async fn decide(&self, headers: &HeaderMap, method: &str) -> Result<bool, Problem> {
        let mut given = headers.get_all(AUTHORIZATION);
        match (given.next(), given.next()) {
            (Some(value), None) => return Ok(bearer(value.as_bytes()).is_some_and(|token| self.token.matches(token))),
            (Some(_), Some(_)) => return Ok(false),
            (None, _) => {}
        }
        let known = self.has_session(headers).await?;
        if known && !is_safe(method) && !is_same_origin(headers) {
            let detail = "A change asked for by session cookie must come from this server's own pages.";
            return Err(Problem::with_detail(ErrorCode::Forbidden, detail));
        }
        Ok(known)
    }
}

#[async_trait]
impl Authenticator for LocalAuth {
    async fn authenticate(&self, headers: &HeaderMap, method: &str) -> Result<Option<Principal>, Problem> {
        let known = self.decide(headers, method).await?;
        Ok(known.then(|| Principal::local(OwnerId::local())))
    }
}

impl fmt::Debug for LocalAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAuth").finish_non_exhaustive()
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
