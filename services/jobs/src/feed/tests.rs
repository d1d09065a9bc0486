//! What those who watch see, as a table.

use super::*;

fn events(numbers: &[u64], last_kind: &str) -> Vec<StoredEvent> {
    let kind = |number: &u64| if Some(number) == numbers.last() { last_kind } else { "step_started" };
    let event = |number: &u64| StoredEvent { number: *number, kind: kind(number).into(), data: "{}".into(), at: 0 };
    numbers.iter().map(event).collect()
}

/// Where it stands with which events; new ones, and the kind of their last; its last event and where it stands then.
type Row<'a> = (Standing, &'a [u64], &'a [u64], &'a str, u64, Standing);

/// Protects the order of streams: whatever comes twice, late, too early or after the end, events are shown once and
/// without a gap.
#[test]
fn events_are_taken_in_order_and_once() {
    use Standing::{Gone, Open, Opening, Over};
    let rows: [Row<'_>; 11] = [
        (Open, &[], &[1], "step_started", 1, Open),
        (Open, &[1, 2], &[3, 4], "step_started", 4, Open),
        (Open, &[1, 2], &[2, 3], "step_started", 3, Open),
        (Open, &[1, 2], &[1, 2], "step_started", 2, Open),
        (Open, &[1, 2], &[4, 5], "step_started", 2, Open),
        (Open, &[1, 2], &[3, 5], "job_finished", 3, Open),
        (Open, &[1, 2], &[], "", 2, Open),
        (Open, &[1], &[2], "job_finished", 2, Over),
        (Over, &[1], &[2], "step_started", 1, Over),
        (Gone, &[1], &[2], "step_started", 1, Gone),
        (Opening, &[], &[1], "step_started", 0, Opening),
    ];
    for (standing, before, new, kind, last, after) in rows {
        let mut shown = Shown { standing, owner: String::new(), events: events(before, "step_started") };
        let has_more = shown.append(&events(new, kind));
        assert_eq!((shown.last(), shown.standing), (last, after), "{before:?} and {new:?}");
        assert_eq!(has_more, last > before.len() as u64, "{before:?} and {new:?}");
        let numbers: Vec<u64> = shown.events.iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    }
}
