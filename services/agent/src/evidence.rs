//! What the platform itself measured in a picture: read from the store, cut to what a model needs.

use crate::text::head;
use blob::{BlobError, BlobReader, ErrorKind};
use serde_json::Value;

/// Largest evidence that is read, in bytes.
const EVIDENCE_BYTES: u64 = 4 * 1024 * 1024;

/// Most evidence that is shown to a model in one turn, all pictures together, in bytes.
pub const SHOWN_BYTES: usize = 24 * 1024;

/// Evidence as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Compact JSON, unless even that had to be cut.
    pub text: String,
    /// True when something was left out.
    pub cut: bool,
}

/// The evidence of one picture. Evidence that is missing or unreadable is `null`: the picture itself is
/// still there to be measured.
///
/// # Errors
/// The store cannot be read now.
pub async fn load(store: &dyn BlobReader, key: &blob::BlobKey) -> Result<Value, BlobError> {
    let bytes = match store.get(key, EVIDENCE_BYTES).await {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::TooLarge) => {
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "evidence cannot be used");
            return Ok(Value::Null);
        }
        Err(error) => return Err(error),
    };
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::error!(blob.key = %key, %error, "evidence is not JSON");
        Value::Null
    }))
}

/// The evidence in at most `limit` bytes: long lists keep their beginning, long texts too. Pure.
pub fn excerpt(evidence: &Value, limit: usize) -> Excerpt {
    for items in [usize::MAX, 300, 150, 80, 40, 20, 10, 5, 3] {
        let mut cut = false;
        let text = prune(evidence, items, &mut cut).to_string();
        if text.len() <= limit {
            return Excerpt { text, cut };
        }
    }
    let mut cut = true;
    Excerpt { text: head(&prune(evidence, 2, &mut cut).to_string(), limit), cut }
}

/// A copy with at most `items` entries in each list and `20 * items` bytes in each text.
fn prune(value: &Value, items: usize, cut: &mut bool) -> Value {
    match value {
        Value::Array(all) => {
            let mut kept: Vec<Value> = all.iter().take(items).map(|value| prune(value, items, cut)).collect();
            if all.len() > items {
                *cut = true;
                kept.push(format!("… and {} more", all.len() - items).into());
            }
            Value::Array(kept)
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), prune(value, items, cut))).collect(),
        Value::String(text) if text.len() > items.saturating_mul(20) => {
            *cut = true;
            head(text, items.saturating_mul(20)).into()
        }
        Value::Number(number) => short(number),
        other => other.clone(),
    }
}

/// Measurements need no more than four decimals.
fn short(number: &serde_json::Number) -> Value {
    let float = number.as_f64().filter(|_| number.is_f64() && number.to_string().len() > 7);
    float.map_or_else(|| number.clone().into(), |float| ((float * 1e4).round() / 1e4).into())
}

#[cfg(test)]
mod tests;
