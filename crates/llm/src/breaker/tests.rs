use super::*;

const POLICY: BreakerPolicy =
    BreakerPolicy { failures: 3, pause: Duration::from_secs(30), longest_pause: Duration::from_secs(300) };

/// What happens to a breaker, at a second after its start.
enum Event {
    /// A call that is let in and ends so.
    Call(Sign),
    /// A call that is refused, with the seconds left.
    Refused(u64),
    /// A call that is let in as a probe and given up.
    GivenUp,
    /// A call for a person, which is let in whatever the state.
    Anyway(Sign),
}
use BreakerState::{Closed, HalfOpen, Open};
use Event::{Anyway, Call, GivenUp, Refused};
use Sign::{Fails, Lasting, Wait, Works};

/// Name, events with their second, second of the look, state then.
type Row = (&'static str, Vec<(u64, Event)>, u64, BreakerState);

fn open(seconds: u64) -> BreakerState {
    Open(Duration::from_secs(seconds))
}

/// Protects jobs from waiting for a dead endpoint, and a healed endpoint from being left alone: the whole
/// life of a breaker as a table of (name, events with their second, second of the look, state then).
#[test]
fn the_life_of_a_breaker() {
    let wait = |seconds| Wait(Duration::from_secs(seconds));
    let table: Vec<Row> = vec![
        ("new", vec![], 0, Closed),
        ("two failures are not enough", vec![(0, Call(Fails)), (1, Call(Fails))], 2, Closed),
        ("three in a row open it", vec![(0, Call(Fails)), (1, Call(Fails)), (2, Call(Fails))], 3, open(29)),
        (
            "an answer between them starts the count anew",
            vec![(0, Call(Fails)), (1, Call(Fails)), (2, Call(Works)), (3, Call(Fails)), (4, Call(Fails))],
            5,
            Closed,
        ),
        ("a wrong key opens it at once, for long", vec![(0, Call(Lasting))], 1, open(299)),
        ("it is left alone while open", vec![(0, Call(Lasting)), (100, Refused(200))], 101, open(199)),
        ("what it asks for is kept to", vec![(0, Call(wait(60)))], 10, open(50)),
        ("but not for ever", vec![(0, Call(wait(86_400)))], 0, open(300)),
        ("and no longer than it asks", vec![(0, Call(wait(2)))], 1, open(1)),
        ("after the pause comes a probe", vec![(0, Call(Lasting))], 300, HalfOpen),
        ("a probe that works closes it", vec![(0, Call(Lasting)), (300, Call(Works))], 301, Closed),
        (
            "a probe that fails doubles the pause",
            vec![(0, Call(wait(30))), (30, Call(Fails)), (90, Call(Fails))],
            90,
            open(120),
        ),
        (
            "up to the longest",
            vec![
                (0, Call(wait(30))),
                (30, Call(Fails)),
                (90, Call(Fails)),
                (210, Call(Fails)),
                (450, Call(Fails)),
                (750, Call(Fails)),
            ],
            750,
            open(300),
        ),
        ("a probe that was given up lets the next one in", vec![(0, Call(Lasting)), (300, GivenUp)], 300, HalfOpen),
        (
            "and that one decides",
            vec![(0, Call(Lasting)), (300, GivenUp), (300, Call(Works)), (301, Call(Fails))],
            302,
            Closed,
        ),
        ("a person's try closes it", vec![(0, Call(Lasting)), (5, Anyway(Works))], 6, Closed),
        ("a person's try that fails keeps it open", vec![(0, Call(Lasting)), (5, Anyway(Lasting))], 6, open(299)),
    ];
    for (name, events, look, expected) in table {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut breaker = Breaker::new(POLICY);
        for (second, event) in events {
            match event {
                Call(sign) => {
                    let pass = breaker.enter(at(second)).unwrap_or_else(|left| panic!("{name}: {left:?} left"));
                    breaker.record(pass, sign, at(second));
                }
                Refused(left) => assert_eq!(breaker.enter(at(second)), Err(Duration::from_secs(left)), "{name}"),
                GivenUp => {
                    assert_eq!(breaker.enter(at(second)), Ok(Pass::Probe), "{name}");
                    breaker.given_up(Pass::Probe, at(second));
                }
                Anyway(sign) => {
                    let pass = breaker.enter_anyway();
                    breaker.record(pass, sign, at(second));
                }
            }
        }
        assert_eq!(breaker.state(at(look)), expected, "{name}");
    }
}

/// Protects an endpoint that comes back from a rush, and the count from calls that began earlier: one
/// probe at a time, and only its own end decides, but for an answer, which proves that it works.
#[test]
fn one_probe_decides() {
    let now = Instant::now();
    let mut breaker = Breaker::new(POLICY);
    let early: Vec<Pass> = (0..4).map(|_| breaker.enter(now).unwrap()).collect();
    for pass in &early[..3] {
        breaker.record(*pass, Fails, now);
    }
    let later = now + Duration::from_secs(30);
    assert_eq!(breaker.enter(later), Ok(Pass::Probe));
    assert_eq!(breaker.enter(later), Err(Duration::ZERO));
    breaker.record(early[3], Fails, later);
    assert_eq!(breaker.state(later), HalfOpen, "an early call's failure is not the probe's");
    breaker.given_up(early[3], later);
    assert_eq!(breaker.enter(later), Err(Duration::ZERO), "nor is it its end");
    breaker.record(early[3], Works, later);
    assert_eq!(breaker.state(later), Closed);
}
