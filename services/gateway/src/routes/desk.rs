//! What the handlers about people share.

use crate::secret::NoRandomness;
use crate::store::{By, DbErr};
use crate::{Gateway, Way};
use actix_web::HttpRequest;
use common::limits::Limits;
use common::{ErrorCode, UserId};
use edge::{Principal, Problem};
use shared::{Key, Purpose, Rate, Spent};
use std::net::IpAddr;
use std::time::Duration;

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
const MAX_EMAIL: usize = 254;

/// Tries for one e-mail address: ten at once, then one every half a minute.
const BY_EMAIL: (u32, Duration) = (10, Duration::from_secs(30));

/// Tries from one address: twenty at once, then one every six seconds.
const BY_ADDRESS: (u32, Duration) = (20, Duration::from_secs(6));

/// The person who asks.
///
/// # Errors
/// No person stands behind the caller.
pub fn person(principal: &Principal) -> Result<UserId, Problem> {
    principal.user.ok_or_else(|| Problem::new(ErrorCode::Forbidden))
}

/// A change could not be stored, or rows not read.
pub fn failed(error: DbErr) -> Problem {
    tracing::error!(%error, "the gateway's database fails");
    Problem::new(ErrorCode::StorageUnavailable)
}

/// Something secret could not be made.
pub fn no_randomness(error: NoRandomness) -> Problem {
    Problem::internal("making a secret", &error)
}

/// A field that is not accepted: which, and why.
pub fn invalid(field: &str, why: &str) -> Problem {
    Problem::with_detail(ErrorCode::InvalidField, format!("{field}: {why}"))
}

/// Whether the numbers are those that the API document allows: what it calls a number of 32 or 64 bits has a sign.
pub fn are_documented(limits: &Limits) -> bool {
    let small = [limits.requests_per_minute, limits.runs_per_hour, limits.open_jobs, limits.running_jobs];
    let large = [limits.upload_bytes_per_day, limits.tokens_per_day];
    small.into_iter().flatten().all(|number| i32::try_from(number).is_ok())
        && large.into_iter().flatten().all(|number| i64::try_from(number).is_ok())
}

/// A name as it is kept.
///
/// # Errors
/// It is empty, too long, or holds control characters.
pub fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(invalid("name", "1 to 100 characters on one line are expected."));
    }
    Ok(text.to_owned())
}

/// An e-mail address as it is kept: in lower case. Whether mail arrives there only mail can tell.
///
/// # Errors
/// It cannot be one.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim().to_lowercase();
    let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let has_parts = text.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if text.len() > MAX_EMAIL || !is_plain || !has_parts {
        return Err(invalid("email", "an address such as ann@example.org is expected."));
    }
    Ok(text)
}

/// A new password.
///
/// # Errors
/// It is too short or too long.
pub fn password(text: &str) -> Result<(), Problem> {
    crate::password::complaint(text).map_or(Ok(()), |why| Err(invalid("password", &why)))
}

impl Gateway {
    /// Whether people are known here, by what they chose themselves.
    ///
    /// # Errors
    /// They sign in another way.
    pub(crate) fn knows_people(&self) -> Result<(), Problem> {
        match self.settings.way {
            Way::Local => Ok(()),
            _ => Err(Problem::new(ErrorCode::SignInElsewhere)),
        }
    }

    /// Where a request comes from. Behind the proxy, which is where the gateway signs, its word counts: the last entry is
    /// its own. Otherwise only the connection does: a header is anybody's word.
    pub(crate) fn address(&self, request: &HttpRequest) -> String {
        let told = || {
            let all = request.headers().get_all("x-forwarded-for").last()?;
            all.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
        };
        let peer = || request.peer_addr().map(|peer| peer.ip());
        let address = if self.keyring.is_some() { told().or_else(peer) } else { peer() };
        address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }

    /// Who does something, for the audit.
    pub(crate) fn by(&self, request: &HttpRequest, actor: Option<UserId>) -> By {
        By { actor, address: self.address(request) }
    }

    /// Counts a try to get in.
    ///
    /// # Errors
    /// There were too many, or they cannot be counted now.
    pub(crate) async fn count_try(&self, email: Option<&str>, address: &str) -> Result<(), Problem> {
        let by_address = Some(("address", network(address), BY_ADDRESS));
        let by_email = email.map(|email| ("email", email.to_owned(), BY_EMAIL));
        for (kind, text, (burst, refill)) in by_address.into_iter().chain(by_email) {
            let key = Key::of(Purpose::SignInTry, &[kind.as_bytes(), text.as_bytes()]);
            let rate = Rate::new(burst, refill).map_err(|error| Problem::internal("counting tries", &error))?;
            let spent = self.shared.spend(&key, rate, 1).await.map_err(|error| {
                tracing::error!(%error, "tries cannot be counted");
                Problem::with_detail(ErrorCode::NotReady, "Nobody can sign in now.").retry_after(2)
            })?;
            if let Spent::Refused { retry_after } = spent {
                let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                return Err(Problem::new(ErrorCode::TooManyTries).retry_after(seconds));
            }
        }
        Ok(())
    }
}

/// What counts as one place: an IPv6 network of 64 bits belongs to one customer.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects sign-in: one address is one person, however it is written, and what is no address is named as that.
    #[test]
    fn names_and_addresses_are_read() {
        let rows = [
            (" Ann@Example.ORG ", Some("ann@example.org")),
            ("a@b", Some("a@b")),
            ("\"a@b\"@c.d", Some("\"a@b\"@c.d")),
            ("ann", None),
            ("@b", None),
            ("a@", None),
            ("a b@c.d", None),
            ("a@b\nc", None),
        ];
        for (text, expected) in rows {
            assert_eq!(email(text).ok().as_deref(), expected, "{text:?}");
        }
        assert!(email(&format!("{}@b.c", "a".repeat(MAX_EMAIL))).is_err());
        assert_eq!(name("  Ann Lee ").ok().as_deref(), Some("Ann Lee"));
        for text in ["", "  ", "a\u{7}b", &"x".repeat(MAX_NAME + 1)] {
            assert!(name(text).is_err(), "{text:?}");
        }
    }

    /// Protects the limit on tries: the addresses of one IPv6 customer are one place, those of IPv4 each their own.
    #[test]
    fn one_customer_is_one_place() {
        assert_eq!(network("2001:db8:1:2:3::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
