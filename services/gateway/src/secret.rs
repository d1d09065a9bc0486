//! Secrets that people and programs show: made of 256 random bits, kept as hashes only.

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every API key begins with.
const KEY_MARK: &str = "dk_";

/// Hexadecimal digits of the part of a key that may be shown.
const PREFIX_DIGITS: usize = 12;

/// Hexadecimal digits of a secret.
const SECRET_DIGITS: usize = 64;

/// The operating system gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// A new secret of 256 random bits, in hexadecimal digits.
///
/// # Errors
/// See [`NoRandomness`].
pub fn random() -> Result<String, NoRandomness> {
    random_hex::<{ SECRET_DIGITS / 2 }>()
}

fn random_hex<const BYTES: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; BYTES];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(hex::encode(bytes))
}

/// SHA-256 in hexadecimal digits: what is kept. Enough for secrets of 256 random bits, which nobody can guess; passwords
/// need more.
pub fn hash(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Whether the secret has this hash. Takes the same time wherever the first difference is.
pub fn matches(secret: &[u8], hash_of_it: &str) -> bool {
    hash(secret).as_bytes().ct_eq(hash_of_it.as_bytes()).into()
}

/// A new API key: `dk_PREFIX_SECRET`.
pub struct FreshKey {
    /// The part that may be shown.
    pub prefix: String,
    /// The whole, shown once.
    pub whole: String,
    /// What is kept of the secret part.
    pub hash: String,
}

impl FreshKey {
    /// Makes one.
    ///
    /// # Errors
    /// See [`NoRandomness`].
    pub fn make() -> Result<Self, NoRandomness> {
        let (prefix, secret) = (random_hex::<{ PREFIX_DIGITS / 2 }>()?, random()?);
        let hash = hash(secret.as_bytes());
        Ok(Self { whole: format!("{KEY_MARK}{prefix}_{secret}"), prefix, hash })
    }
}

/// The shown and the secret part of an API key; `None` for anything else. Works on bytes: a header may hold any.
pub fn parse_key(text: &[u8]) -> Option<(&str, &[u8])> {
    let rest = text.strip_prefix(KEY_MARK.as_bytes())?;
    let (prefix, rest) = rest.split_at_checked(PREFIX_DIGITS)?;
    let secret = rest.strip_prefix(b"_")?;
    let plain = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_key = plain(prefix) && plain(secret) && secret.len() == SECRET_DIGITS;
    if is_key { Some((std::str::from_utf8(prefix).ok()?, secret)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects keys: each is another, what is kept cannot be shown as the key, and only the whole key is one.
    #[test]
    fn keys_are_made_and_read() {
        let (key, other) = (FreshKey::make().expect("random"), FreshKey::make().expect("random"));
        assert!(key.prefix != other.prefix && key.hash != other.hash);
        let (prefix, secret) = parse_key(key.whole.as_bytes()).expect("a key");
        assert_eq!(prefix, key.prefix);
        assert!(matches(secret, &key.hash) && !matches(secret, &other.hash) && !matches(secret, ""));
        assert!(!key.whole.contains(&key.hash));
        let odd = [
            String::new(),
            "dk_".to_owned(),
            key.whole.replace("dk_", "sk_"),
            key.whole.to_uppercase(),
            format!("{}0", key.whole),
            key.whole[..key.whole.len() - 1].to_owned(),
            key.whole.replacen('_', "", 2),
            format!("dk_{}_{}", key.prefix, "é".repeat(32)),
            format!("dk_ééééé{}", &key.whole[3..]),
        ];
        for text in odd {
            assert_eq!(parse_key(text.as_bytes()), None, "{text}");
        }
    }
}
