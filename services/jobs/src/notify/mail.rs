//! Sends letters by SMTP.

use super::schedule::Outcome;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::fmt;
use std::time::Duration;

/// Longest time for one word of the server.
const WORD_PATIENCE: Duration = Duration::from_secs(10);

/// Longest time for a whole attempt.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Longest address in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
const MAX_ADDRESS_BYTES: usize = 254;

/// What the operator set. Its debug print shows no password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MailSettings {
    /// `SMTP_URL`; empty where there is no mail.
    pub url: String,
    /// `MAIL_FROM`.
    pub from: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = if self.url.is_empty() { "(not set)" } else { "(set)" };
        f.debug_struct("MailSettings").field("url", &url).field("from", &self.from).finish()
    }
}

/// The settings for mail are not usable.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// `SMTP_URL` is none.
    #[error("SMTP_URL is not the address of a mail server")]
    Url(#[source] lettre::transport::smtp::Error),
    /// `MAIL_FROM` is missing or none.
    #[error("MAIL_FROM must be an address, such as 'Darkroom <darkroom@example.org>', where SMTP_URL is set")]
    From,
}

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// Its id, the same at each attempt, so that a mailbox may know it again.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// Says that a program wrote it, so that no other program answers (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// An address that letters may be sent to: one, plain, without a name.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn checked_address(text: &str) -> Result<String, &'static str> {
    let wrong = "This is not an e-mail address such as 'name@example.org'.";
    if text.len() > MAX_ADDRESS_BYTES || text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(wrong);
    }
    text.parse::<Address>().map(|address| address.to_string()).map_err(|_| wrong)
}

/// See the module.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// By these settings; nothing where there is no mail.
    ///
    /// # Errors
    /// See [`MailError`].
    pub fn new(settings: &MailSettings) -> Result<Option<Self>, MailError> {
        if settings.url.is_empty() {
            return Ok(None);
        }
        let from = settings.from.parse().map_err(|_| MailError::From)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url).map_err(MailError::Url)?;
        Ok(Some(Self { transport: transport.timeout(Some(WORD_PATIENCE)).build(), from }))
    }

    /// The letter as it is sent. Values of headers are encoded, so that no line of theirs becomes a header of its own.
    fn message(&self, letter: &Letter) -> Option<Message> {
        let to = Mailbox::new(None, checked_address(&letter.to).ok()?.parse().ok()?);
        let id = format!("<{}@{}>", letter.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.chars().filter(|letter| !letter.is_control()).collect::<String>())
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .inspect_err(|error| tracing::error!(%error, "a letter cannot be written"))
            .ok()
    }

    /// Makes one attempt.
    pub async fn send(&self, letter: &Letter) -> Outcome {
        let Some(message) = self.message(letter) else {
            return Outcome::Never { why: "The letter cannot be written to this address.".to_owned(), closes: false };
        };
        let again = |why: String| Outcome::Again { why, after: None };
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Outcome::Sent,
            Ok(Err(error)) => {
                tracing::info!(%error, "a letter was not taken");
                match error.status() {
                    Some(code) if error.is_permanent() => {
                        Outcome::Never { why: format!("The mail server refused the letter ({code})."), closes: false }
                    }
                    Some(code) => again(format!("The mail server does not take the letter now ({code}).")),
                    None => again("The mail server cannot be reached or broke off.".to_owned()),
                }
            }
            Err(_) => again("The mail server took too long.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        let settings =
            MailSettings { url: "smtp://127.0.0.1:1".to_owned(), from: "Darkroom <darkroom@example.org>".to_owned() };
        Mailer::new(&settings).expect("settings").expect("mail")
    }

    /// Protects mailboxes: an address is one address, and nothing in it opens a header or names a second receiver.
    #[test]
    fn addresses_are_one_address() {
        for good in ["a@example.org", "first.last+tag@sub.example.org", "\"a.b\"@example.org"] {
            assert_eq!(checked_address(good).as_deref(), Ok(good));
        }
        let long = format!("{}@example.org", "x".repeat(250));
        let bad = [
            "",
            "a",
            "@example.org",
            "a@",
            "a@example.org,b@example.org",
            "a@example.org b@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "a@example.org\nBcc:b@example.org",
            "a@example.org\u{0}",
            "A <a@example.org>",
            "a@exa mple.org",
            "a@example.org>\r\nRCPT TO:<b@example.org",
            long.as_str(),
        ];
        for text in bad {
            assert!(checked_address(text).is_err(), "{text:?}");
        }
    }

    /// Protects mailboxes: whatever stands in a subject, there are the headers that belong there and no others, and the
    /// text is plain.
    #[test]
    fn no_header_can_be_smuggled_in() {
        let letter = Letter {
            to: "a@example.org".to_owned(),
            id: "0123".to_owned(),
            subject: "Done\r\nBcc: b@example.org\r\n\r\n<html>é".to_owned(),
            text: "One.\nBcc: c@example.org\n.\nTwo.".to_owned(),
        };
        let text = String::from_utf8(mailer().message(&letter).expect("a letter").formatted()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().expect("a name").to_ascii_lowercase())
            .collect();
        names.sort();
        let expected = [
            "auto-submitted",
            "content-transfer-encoding",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to",
        ];
        // A date and a version are what the library adds where it does.
        names.retain(|name| name != "date" && name != "mime-version");
        let expected: Vec<_> = expected.into_iter().filter(|name| !["date", "mime-version"].contains(name)).collect();
        assert_eq!(names, expected, "{head}");
        assert!(head.contains("Message-ID: <0123@example.org>") && head.contains("text/plain"), "{head}");
        assert!(body.contains("One.") && body.contains("Bcc: c@example.org"), "{body}");
    }

    /// Protects operators: half a setting is told at the start, none is no error, and a password is in no log.
    #[test]
    fn settings_are_checked_at_the_start() {
        let settings = |url: &str, from: &str| MailSettings { url: url.to_owned(), from: from.to_owned() };
        assert!(Mailer::new(&settings("", "")).expect("no mail").is_none());
        for url in ["smtp://mail.test", "smtps://user:s3cr3t@mail.test:465", "smtp://mail.test:587?tls=required"] {
            assert!(Mailer::new(&settings(url, "a@example.org")).expect("settings").is_some(), "{url}");
        }
        let bad = [("smtp://mail.test", ""), ("smtp://mail.test", "nobody"), ("http://mail.test", "a@example.org")];
        for (url, from) in bad {
            assert!(Mailer::new(&settings(url, from)).is_err(), "{url} {from}");
        }
        assert!(!format!("{:?}", settings("smtps://user:s3cr3t@mail.test", "a@example.org")).contains("s3cr3t"));
    }
}
