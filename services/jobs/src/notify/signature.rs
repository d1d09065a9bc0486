//! Secrets and signatures of webhooks, by the Standard Webhooks specification (version 1). Pure but for the randomness
//! of a new secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// Random bytes of a secret; the specification allows 24 to 64.
const SECRET_BYTES: usize = 32;

/// A new secret.
///
/// # Errors
/// The operating system gives no randomness.
pub fn new_secret() -> Result<String, rand::rand_core::OsError> {
    use rand::TryRngCore;
    let mut bytes = [0_u8; SECRET_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The value of `webhook-signature`; nothing where the secret is none. `at` is in seconds since 1970.
pub fn sign(secret: &str, id: &str, at: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects receivers that check with any library of the specification: this is an example of its own libraries.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = format!("{PREFIX}{}", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).expect("signed");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(sign("whsec_!", "a", 1, b""), None);
        assert_eq!(sign("MfKQ", "a", 1, b""), None);
    }

    /// Protects secrets from being guessed: each is new, and long enough for the specification.
    #[test]
    fn secrets_are_new_and_long() {
        let (one, other) = (new_secret().expect("a secret"), new_secret().expect("a secret"));
        assert_ne!(one, other);
        let bytes = STANDARD.decode(one.strip_prefix(PREFIX).expect("the prefix")).expect("base64");
        assert_eq!(bytes.len(), SECRET_BYTES);
    }
}
