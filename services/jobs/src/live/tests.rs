use super::*;

fn news(reader: &mut Reader, present: &Present) -> Vec<(Channel, bool, bool, String)> {
    let each = reader.news(present).into_iter();
    each.map(|piece| (piece.channel, piece.replaces, piece.cut, piece.text)).collect()
}

/// Protects whoever watches: who is there sees what is added, who comes late or lost the line the whole of it, and what
/// begins again takes the place of what was.
#[test]
fn readers_see_what_is_new_to_them() {
    use Channel::{Code, Stdout};
    let (one, two) = (StepId::new(), StepId::new());
    let mut present = Present::default();
    let mut early = Reader::default();
    assert_eq!(news(&mut early, &present), []);
    present.take(one, Code, 0, "import");
    assert_eq!(news(&mut early, &present), [(Code, true, false, "import".into())]);
    assert_eq!(news(&mut early, &present), [], "nothing is told twice");
    present.take(one, Code, 6, " os");
    present.take(one, Code, 6, " os");
    assert_eq!(news(&mut early, &present), [(Code, false, false, " os".into())]);
    assert_eq!(news(&mut Reader::default(), &present), [(Code, true, false, "import os".into())]);
    present.take(one, Code, 0, "print");
    assert_eq!(news(&mut early, &present), [(Code, true, false, "print".into())]);
    // Something was lost on the way: what there is stands alone, and says so.
    present.take(one, Code, 99, "end");
    assert_eq!(news(&mut early, &present), [(Code, true, true, "end".into())]);
    present.take(two, Stdout, 0, "1\n");
    assert_eq!(news(&mut early, &present), [(Stdout, true, false, "1\n".into())]);
    present.take(one, Code, 0, "again");
    assert_eq!(news(&mut early, &present), [(Code, true, false, "again".into())]);
}

/// Protects memory: of what is printed without end the newest is kept, and a reader that fell behind gets all there is.
#[test]
fn what_is_kept_is_bounded() {
    let step = StepId::new();
    let mut present = Present::default();
    let mut reader = Reader::default();
    let line = "é".repeat(500);
    for n in 0..1000u64 {
        present.take(step, Channel::Stdout, n * 1000, &line);
        assert!(present.channels[Channel::Stdout as usize].text.len() <= MOST_BYTES);
        if n == 3 {
            assert_eq!(reader.news(&present).len(), 1);
        }
    }
    let late = reader.news(&present);
    assert_eq!(late.len(), 1);
    assert!(late[0].replaces && late[0].cut && late[0].text.len() <= MOST_BYTES);
    let lives = Lives::default();
    let watched = lives.watch(JobId::new());
    (0..2 * JOBS).for_each(|_| lives.heard(JobId::new(), step, Channel::Code, 0, "x"));
    assert_eq!(lives.jobs().len(), JOBS);
    assert!(watched.has_changed().is_ok(), "a job that is watched is not the one that is dropped");
}
