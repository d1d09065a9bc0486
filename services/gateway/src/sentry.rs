//! Where the web app reports its errors.

use reqwest::Url;

/// A Sentry DSN that pages may be told, with the one origin that they then report to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebDsn {
    text: String,
    origin: String,
}

/// The text is no DSN that pages could be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SENTRY_DSN_WEB is not a DSN such as https://PUBLIC_KEY@sentry.example.org/42, without a second key")]
pub struct NotADsn;

impl WebDsn {
    /// Reads `https://PUBLIC_KEY@HOST/PATH/PROJECT`.
    ///
    /// # Errors
    /// It is not one, has a secret key, or its host cannot stand in a content security policy.
    pub fn parse(text: &str) -> Result<Self, NotADsn> {
        let url = Url::parse(text).map_err(|_| NotADsn)?;
        let project = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
        let is_dsn = matches!(url.scheme(), "http" | "https")
            && !url.username().is_empty()
            && url.password().is_none()
            && !project.is_empty()
            && url.query().is_none()
            && url.fragment().is_none();
        let origin = url.origin().ascii_serialization();
        // Addresses allow marks in a host that would end the policy's list, or begin another.
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '/');
        if !is_dsn || !origin.chars().all(is_plain) {
            return Err(NotADsn);
        }
        Ok(Self { text: text.to_owned(), origin })
    }

    /// The DSN as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and, where it is not the scheme's own, port.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the pages' policy: what stands in it is an origin and nothing else, whatever the setting says.
    #[test]
    fn only_an_origin_comes_out() {
        let rows = [
            ("https://k@o1.ingest.sentry.example/42", "https://o1.ingest.sentry.example"),
            ("https://k@sentry.example:9000/deep/path/42", "https://sentry.example:9000"),
            ("https://k@sentry.example:443/42", "https://sentry.example"),
            ("http://k@127.0.0.1:9000/1", "http://127.0.0.1:9000"),
            ("https://k@SENTRY.example/42", "https://sentry.example"),
        ];
        for (text, origin) in rows {
            let dsn = WebDsn::parse(text).unwrap();
            assert_eq!((dsn.origin(), dsn.as_str()), (origin, text));
        }
        for bad in [
            "",
            "o1.ingest.sentry.example",
            "https://o1.ingest.sentry.example/42",
            "https://k:secret@sentry.example/42",
            "https://k@sentry.example/",
            "https://k@sentry.example/42?x=1",
            "https://k@sentry.example/42#x",
            "ftp://k@sentry.example/42",
            "https://k@sentry.example;script-src/42",
            "https://k@a,b/42",
            "https://k@*.example/42",
            "https://k@[::1]/42",
        ] {
            assert_eq!(WebDsn::parse(bad), Err(NotADsn), "{bad}");
        }
    }
}
