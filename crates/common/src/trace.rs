//! The trace that a request, and every message it causes, belongs to, as W3C Trace Context writes it (<https://www.w3.org/TR/trace-context/>). Pure.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Bytes of a `traceparent` of version 00: `00-TRACE-PARENT-FLAGS`.
const TRACEPARENT_BYTES: usize = 55;
/// Most bytes of a `tracestate`: what the standard asks everybody to carry.
const MAX_TRACESTATE_BYTES: usize = 512;
/// Most members of a `tracestate`, by the standard.
const MAX_TRACESTATE_MEMBERS: usize = 32;

/// A trace context that was checked: its text is short, and safe to put into heads and logs.
/// As one text (stored, or in a document) it is the `traceparent`, and behind a space the `tracestate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceContext {
    traceparent: String,
    tracestate: Option<String>,
}

/// The text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is no W3C traceparent: 00, 32 hexadecimal digits, 16 more, and two of flags, joined by '-'")]
pub struct InvalidTraceContext;

impl TraceContext {
    /// A new trace, with nothing before it. Nobody has decided to record it (flags `00`).
    pub fn begin() -> Self {
        let trace = Uuid::new_v4().simple();
        Self { traceparent: format!("00-{trace}-{:016x}-00", span_id()), tracestate: None }
    }

    /// The same trace one step on: what comes from here names this step as its parent.
    #[must_use]
    pub fn step(&self) -> Self {
        let (_, flags) = self.traceparent.split_at(TRACEPARENT_BYTES - 2);
        let traceparent = format!("00-{}-{:016x}-{flags}", self.trace_id(), span_id());
        Self { traceparent, tracestate: self.tracestate.clone() }
    }

    /// The 32 hexadecimal digits that all parts of the trace share; the log calls them `trace.id`.
    pub fn trace_id(&self) -> &str {
        &self.traceparent[3..35]
    }

    /// The 16 hexadecimal digits of the step that what comes next has as its parent.
    pub fn span_id(&self) -> &str {
        &self.traceparent[36..52]
    }

    /// Whether somebody before decided that the trace is recorded.
    pub fn is_sampled(&self) -> bool {
        u8::from_str_radix(&self.traceparent[53..], 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// From the two heads. One of a later version is read as one of version 00, which the standard allows. A
    /// `tracestate` that is odd or too long is left out, as the standard says: the trace itself is worth more.
    ///
    /// # Errors
    /// The first is no `traceparent`, or names no trace or no parent.
    pub fn new(traceparent: &str, tracestate: Option<&str>) -> Result<Self, InvalidTraceContext> {
        let traceparent = parent(traceparent).ok_or(InvalidTraceContext)?;
        let tracestate =
            tracestate.map(|state| state.trim_matches([' ', '\t'])).filter(|state| is_state(state)).map(str::to_owned);
        Ok(Self { traceparent, tracestate })
    }

    /// `00-TRACE-PARENT-FLAGS`, 55 bytes, in lower case.
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// What vendors say of the trace, up to 512 bytes of printable ASCII.
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent)?;
        match &self.tracestate {
            Some(state) => write!(f, " {state}"),
            None => Ok(()),
        }
    }
}

impl From<TraceContext> for String {
    fn from(trace: TraceContext) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for TraceContext {
    type Error = InvalidTraceContext;

    fn try_from(text: String) -> Result<Self, InvalidTraceContext> {
        match text.split_once(' ') {
            Some((parent, state)) => Self::new(parent, Some(state)),
            None => Self::new(&text, None),
        }
    }
}

/// Any but zero, which names no step.
fn span_id() -> u64 {
    Uuid::new_v4().as_u64_pair().1.max(1)
}

fn parent(text: &str) -> Option<String> {
    let (version, rest) = text.split_once('-')?;
    // A later version may have more behind the flags.
    let known = text.get(..TRACEPARENT_BYTES)?;
    let ends = text.len() == known.len() || (version != "00" && text[known.len()..].starts_with('-'));
    let rest: Vec<&str> = rest.get(..TRACEPARENT_BYTES - 3)?.split('-').collect();
    let [trace, parent, flags] = rest[..] else { return None };
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_some = |text: &str| text.bytes().any(|byte| byte != b'0');
    let well_formed = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let usable = ends && version != "ff" && is_some(trace) && is_some(parent);
    (well_formed && usable).then(|| format!("00-{trace}-{parent}-{flags}"))
}

fn is_state(text: &str) -> bool {
    let mut members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    let is_member = |member: &str| {
        let is_key_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
        member.split_once('=').is_some_and(|(key, value)| {
            !key.is_empty() && key.bytes().all(is_key_byte) && !value.is_empty() && !value.contains('=')
        })
    };
    !text.is_empty()
        && text.len() <= MAX_TRACESTATE_BYTES
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && members.clone().count() <= MAX_TRACESTATE_MEMBERS
        && members.all(is_member)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// Protects heads and logs: only what the standard allows is taken, and a later version is understood.
    #[test]
    fn parents_are_checked() {
        assert_eq!(TraceContext::new(PARENT, None).unwrap().traceparent(), PARENT);
        for later in ["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", &format!("cc{}-more", &PARENT[2..])] {
            assert_eq!(TraceContext::new(later, None).unwrap().traceparent(), PARENT, "{later}");
        }
        for odd in [
            "",
            "00",
            &PARENT[..54],
            &format!("{PARENT}-more"),
            &format!("{PARENT}0"),
            &PARENT.to_uppercase(),
            &PARENT.replace("00-", "ff-"),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &PARENT.replace("-01", "-é"),
            &PARENT.replace('-', "_"),
            &"-".repeat(55),
        ] {
            assert_eq!(TraceContext::new(odd, None), Err(InvalidTraceContext), "{odd}");
        }
    }

    /// Protects whoever reads logs of several services: a step further on is another step of the same trace, with what
    /// was decided about it.
    #[test]
    fn steps_stay_in_their_trace() {
        let given = TraceContext::new(PARENT, Some("a=1")).unwrap();
        assert_eq!(given.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((given.span_id(), given.is_sampled()), ("00f067aa0ba902b7", true));
        assert!(!TraceContext::begin().is_sampled());
        for start in [given, TraceContext::begin()] {
            let next = start.step();
            assert_ne!(next.traceparent(), start.traceparent());
            assert_eq!(next.trace_id(), start.trace_id());
            assert_eq!(next.tracestate(), start.tracestate());
            assert_eq!(next.traceparent()[52..], start.traceparent()[52..]);
            assert_eq!(TraceContext::new(next.traceparent(), next.tracestate()), Ok(next.clone()));
            assert_eq!(TraceContext::try_from(next.to_string()), Ok(next));
        }
        assert_ne!(TraceContext::begin().trace_id(), TraceContext::begin().trace_id());
    }

    /// Protects traces from what vendors add: an odd state is left out, and costs not the trace.
    #[test]
    fn states_are_checked() {
        let state = |state: &str| TraceContext::new(PARENT, Some(state)).unwrap().tracestate().map(str::to_owned);
        for fine in ["congo=t61rcWkgMzE", "a=1,b@c=2", "a=1, b=x y"] {
            assert_eq!(state(fine).as_deref(), Some(fine));
        }
        let many = vec!["a=1"; 33].join(",");
        for odd in ["", " ", "a", "=1", "a=", "A=1", "a=1\n", "a=é", "a=b=c", &many, &format!("a={}", "x".repeat(511))]
        {
            assert_eq!(state(odd), None, "{odd}");
        }
    }
}
