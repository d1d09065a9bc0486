//! The suite every backend of shared state passes. Call [`run_all`] with a source of empty states.

use crate::{Key, MAX_VALUE_BYTES, Purpose, Rate, SharedError, SharedHandle, SharedState, Spent};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Callers at the same time.
const CROWD: usize = 50;
/// Long enough for every trial.
const LONG: Duration = Duration::from_secs(60);
/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(120);

/// A backend on trial.
pub trait Trial {
    /// Two handles to the same state, as two replicas have them, with nothing in it. What other calls answered stays.
    fn fresh(&self) -> impl Future<Output = [SharedHandle; 2]>;
    /// Lets that much time pass for the backend, or a little more.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;
}

/// Runs the whole suite.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn run_all(trial: &impl Trial) {
    values_are_kept_replaced_and_removed(&trial.fresh().await).await;
    values_end_in_time(trial).await;
    any_text_is_a_key(&*trial.fresh().await[0]).await;
    large_values_are_refused(&*trial.fresh().await[0]).await;
    one_of_many_puts_new(&trial.fresh().await).await;
    one_of_many_takes(&trial.fresh().await).await;
    the_newest_version_stands(trial).await;
    a_crowd_leaves_the_newest_version(&trial.fresh().await).await;
    a_bucket_empties_and_fills(trial).await;
    what_never_fits_is_told(&*trial.fresh().await[0]).await;
    a_crowd_spends_no_more_than_there_is(trial).await;
    places_are_held_and_given_back(&trial.fresh().await).await;
    places_end_unless_held_again(trial).await;
    a_crowd_gets_no_more_places_than_there_are(&trial.fresh().await).await;
    what_a_key_has_keeps_apart(&*trial.fresh().await[0]).await;
    states_keep_apart(trial).await;
    the_check_leaves_nothing(&*trial.fresh().await[0]).await;
}

fn key(text: &str) -> Key {
    Key::new(Purpose::Idempotency, text)
}

async fn put(state: &dyn SharedState, name: &str, value: &str, keep: Duration) {
    state.put(&key(name), Bytes::from(value.to_owned()), keep).await.expect("put");
}

async fn get(state: &dyn SharedState, name: &str) -> Option<String> {
    let value = state.get(&key(name)).await.expect("get")?;
    Some(String::from_utf8(value.to_vec()).expect("the text that was put"))
}

/// Does it for everybody in the crowd at once, over both handles.
async fn crowd<T, F>(handles: &[SharedHandle; 2], work: impl Fn(SharedHandle, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..CROWD).map(|number| tokio::spawn(work(handles[number % 2].clone(), number))).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.expect("no panic"));
    }
    all
}

/// What one replica puts the other gets, byte for byte; the newest value counts; what is removed is gone.
async fn values_are_kept_replaced_and_removed([one, two]: &[SharedHandle; 2]) {
    assert_eq!(get(&**one, "a").await, None);
    for value in ["first", "", "a longer third"] {
        put(&**one, "a", value, LONG).await;
        assert_eq!(get(&**two, "a").await.as_deref(), Some(value));
    }
    let bytes: Bytes = (0..=255).collect::<Vec<u8>>().into();
    two.put(&key("bytes"), bytes.clone(), LONG).await.expect("put");
    assert_eq!(one.get(&key("bytes")).await.expect("get"), Some(bytes));
    assert!(!two.put_new(&key("a"), Bytes::new(), LONG).await.expect("put_new"), "an empty or other value is one");
    for _ in 0..2 {
        two.delete(&key("a")).await.expect("delete");
        assert_eq!(get(&**one, "a").await, None);
    }
    assert!(one.put_new(&key("a"), Bytes::from_static(b"new"), LONG).await.expect("put_new"));
    assert_eq!(two.take(&key("a")).await.expect("take"), Some(Bytes::from_static(b"new")));
    assert_eq!(one.take(&key("a")).await.expect("take"), None);
    assert_eq!(get(&**one, "a").await, None);
}

/// Values end by their own time: replacing sets it anew, an ended one is as if it had never been, and neither no time
/// nor all of it is an error.
async fn values_end_in_time(trial: &impl Trial) {
    let [state, other] = trial.fresh().await;
    for name in ["get", "take", "put_new"] {
        put(&*state, name, "short", SHORT).await;
    }
    put(&*state, "longer", "short", SHORT).await;
    put(&*state, "longer", "long", LONG).await;
    put(&*state, "shorter", "long", LONG).await;
    put(&*state, "shorter", "short", SHORT).await;
    put(&*state, "no time", "x", Duration::ZERO).await;
    put(&*state, "all time", "x", Duration::MAX).await;
    assert!(!state.put_new(&key("longer"), Bytes::new(), SHORT).await.expect("put_new"));
    trial.pass(SHORT).await;
    assert_eq!(get(&*other, "get").await, None);
    assert_eq!(other.take(&key("take")).await.expect("take"), None);
    assert!(other.put_new(&key("put_new"), Bytes::new(), SHORT).await.expect("put_new"));
    assert_eq!(get(&*state, "longer").await.as_deref(), Some("long"), "one that failed to be put changes no time");
    assert_eq!(get(&*state, "shorter").await, None);
    assert_eq!(get(&*state, "no time").await, None);
    assert_eq!(get(&*state, "all time").await.as_deref(), Some("x"));
    trial.pass(SHORT).await;
    assert_eq!(get(&*state, "put_new").await, None, "what was put as new ends as well");
}

/// Any text tells keys apart: none, long ones, spaces, signs that servers know, other scripts.
async fn any_text_is_a_key(state: &dyn SharedState) {
    let long = "long ".repeat(20_000);
    let mut texts =
        vec!["", " ", "a", "A", "a\0", "a\r\n", "*", "a:b", "{a}b", "%61", "é", "e\u{301}", "图 🎉", "../.."];
    texts.extend([&long[..], &long[1..]]);
    for (number, text) in texts.iter().enumerate() {
        put(state, text, &number.to_string(), LONG).await;
    }
    for (number, text) in texts.iter().enumerate() {
        assert_eq!(get(state, text).await, Some(number.to_string()), "{text:.20}");
    }
    for &purpose in Purpose::ALL.iter().filter(|&&purpose| purpose != Purpose::Idempotency) {
        assert_eq!(state.get(&Key::new(purpose, "a")).await.expect("get"), None, "{purpose:?}");
    }
}

/// Values of exactly the limit pass; larger ones are refused, and change nothing.
async fn large_values_are_refused(state: &dyn SharedState) {
    let (most, larger) = (Bytes::from(vec![b'x'; MAX_VALUE_BYTES]), Bytes::from(vec![b'y'; MAX_VALUE_BYTES + 1]));
    let refused = SharedError::TooLarge(MAX_VALUE_BYTES + 1);
    assert_eq!(state.put_new(&key("a"), larger.clone(), LONG).await, Err(refused.clone()));
    assert_eq!(state.get(&key("a")).await.expect("get"), None);
    state.put(&key("a"), most.clone(), LONG).await.expect("put");
    assert_eq!(state.put(&key("a"), larger, LONG).await, Err(refused));
    assert_eq!(state.get(&key("a")).await.expect("get"), Some(most));
}

/// Of many that put a new value at once one succeeds, and its value stands.
async fn one_of_many_puts_new(handles: &[SharedHandle; 2]) {
    let put = async |state: SharedHandle, number: usize| {
        let value = Bytes::from(number.to_string());
        state.put_new(&key("race"), value, LONG).await.expect("put_new").then_some(number)
    };
    let winners: Vec<usize> = crowd(handles, put).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(get(&*handles[0], "race").await, Some(winners[0].to_string()));
}

/// Of many that take a value at once one gets it.
async fn one_of_many_takes(handles: &[SharedHandle; 2]) {
    put(&*handles[0], "code", "once", LONG).await;
    let take = async |state: SharedHandle, _| state.take(&key("code")).await.expect("take");
    let got: Vec<Bytes> = crowd(handles, take).await.into_iter().flatten().collect();
    assert_eq!(got, [Bytes::from_static(b"once")]);
}

/// A version gives way to newer ones only, over the whole range of numbers; one that was refused changes neither value nor
/// time; an ended one is as if it had never been.
async fn the_newest_version_stands(trial: &impl Trial) {
    let [one, two] = trial.fresh().await;
    let put = async |state: &SharedHandle, version: u64, keep| {
        state.put_newer(&key("a"), version, Bytes::from(version.to_string()), keep).await.expect("put_newer")
    };
    assert_eq!(one.newest(&key("a")).await.expect("newest"), None);
    // Neighbours that a double cannot tell apart are among them.
    for version in [0, 9, 10, (1 << 53) + 1, (1 << 53) + 2, u64::MAX] {
        assert!(put(&one, version, LONG).await, "{version}");
        assert!(!put(&two, version, SHORT).await, "{version} again");
        assert!(version == 0 || !put(&two, version - 1, SHORT).await, "older than {version}");
        let stands = two.newest(&key("a")).await.expect("newest");
        assert_eq!(stands, Some((version, Bytes::from(version.to_string()))));
    }
    assert!(one.put_newer(&key("short"), 5, Bytes::new(), SHORT).await.expect("put_newer"));
    assert_eq!(two.newest(&key("short")).await.expect("newest"), Some((5, Bytes::new())), "nothing is a value");
    trial.pass(SHORT).await;
    assert_eq!(two.newest(&key("short")).await.expect("newest"), None);
    assert!(two.put_newer(&key("short"), 1, Bytes::new(), SHORT).await.expect("put_newer"));
    assert_eq!(one.newest(&key("a")).await.expect("newest").map(|(version, _)| version), Some(u64::MAX));
    let larger = Bytes::from(vec![b'y'; MAX_VALUE_BYTES + 1]);
    let refused = one.put_newer(&key("large"), 1, larger, LONG).await;
    assert_eq!(refused, Err(SharedError::TooLarge(MAX_VALUE_BYTES + 1)));
}

/// Of many that write versions at once, in any order, the newest stands.
async fn a_crowd_leaves_the_newest_version(handles: &[SharedHandle; 2]) {
    let put = async |state: SharedHandle, number: usize| {
        // In an order of their own.
        let version = (number * 17 % CROWD) as u64;
        let value = Bytes::from(version.to_string());
        state.put_newer(&key("race"), version, value, LONG).await.expect("put_newer");
    };
    crowd(handles, put).await;
    let most = CROWD as u64 - 1;
    let stands = handles[0].newest(&key("race")).await.expect("newest");
    assert_eq!(stands, Some((most, Bytes::from(most.to_string()))));
}

/// A bucket gives what it holds, all or nothing, says when there is more, and fills with time.
async fn a_bucket_empties_and_fills(trial: &impl Trial) {
    let [one, two] = trial.fresh().await;
    // Nothing comes back while this is tried.
    let rate = Rate::new(10, LONG).expect("a rate");
    let spend = async |state: &SharedHandle, cost| state.spend(&key("slow"), rate, cost).await.expect("spend");
    assert_eq!(spend(&one, 0).await, Spent::Allowed { remaining: 10 }, "looking at a full bucket");
    assert_eq!(spend(&one, 4).await, Spent::Allowed { remaining: 6 });
    assert_eq!(spend(&two, 1).await, Spent::Allowed { remaining: 5 });
    let Spent::Refused { retry_after } = spend(&two, 6).await else { panic!("there are only five") };
    assert!(retry_after <= LONG && retry_after > LONG / 2, "one is missing: {retry_after:?}");
    assert_eq!(spend(&one, 5).await, Spent::Allowed { remaining: 0 }, "a refusal costs nothing");
    assert_eq!(spend(&two, 0).await, Spent::Allowed { remaining: 0 }, "looking at an empty bucket");
    let Spent::Refused { retry_after } = spend(&one, 10).await else { panic!("there are none") };
    assert!(retry_after <= LONG * 10 && retry_after > LONG * 9, "{retry_after:?}");

    let rate = Rate::new(2, SHORT).expect("a rate");
    let spend = async |cost| one.spend(&key("quick"), rate, cost).await.expect("spend");
    assert_eq!(spend(2).await, Spent::Allowed { remaining: 0 });
    trial.pass(SHORT * 2).await;
    assert_eq!(spend(2).await, Spent::Allowed { remaining: 0 }, "full again after its time");
    if let Spent::Refused { retry_after } = spend(1).await {
        trial.pass(retry_after).await;
        assert!(spend(1).await.is_allowed(), "there is one when it was said");
    }
    trial.pass(SHORT * 10).await;
    assert!(matches!(spend(1).await, Spent::Allowed { remaining: 1 }), "never more than it holds");

    let tiny = Rate::new(u32::MAX, Duration::from_micros(1)).expect("a rate");
    assert!(one.spend(&key("tiny"), tiny, u32::MAX).await.expect("spend").is_allowed());
}

/// What costs more than a bucket holds is never possible, and costs nothing.
async fn what_never_fits_is_told(state: &dyn SharedState) {
    let rate = Rate::new(3, LONG).expect("a rate");
    for cost in [4, u32::MAX] {
        assert_eq!(state.spend(&key("a"), rate, cost).await.expect("spend"), Spent::Never);
    }
    assert_eq!(state.spend(&key("a"), rate, 3).await.expect("spend"), Spent::Allowed { remaining: 0 });
}

/// However many spend at once, together they get what the bucket held and what came back meanwhile.
async fn a_crowd_spends_no_more_than_there_is(trial: &impl Trial) {
    let handles = trial.fresh().await;
    let slow = Rate::new(20, LONG).expect("a rate");
    let spend = move |state: SharedHandle, _| async move { state.spend(&key("slow"), slow, 2).await.expect("spend") };
    let allowed = crowd(&handles, spend).await.into_iter().filter(|spent| spent.is_allowed()).count();
    assert_eq!(allowed, 10);

    let refill = Duration::from_millis(2);
    let quick = Rate::new(20, refill).expect("a rate");
    let begin = Instant::now();
    let spend = move |state: SharedHandle, _| async move {
        let mut allowed = 0;
        for _ in 0..10 {
            allowed += u32::from(state.spend(&key("quick"), quick, 1).await.expect("spend").is_allowed());
        }
        allowed
    };
    let allowed: u32 = crowd(&handles, spend).await.into_iter().sum();
    let most = 20 + begin.elapsed().as_micros().div_ceil(refill.as_micros());
    assert!(u128::from(allowed) <= most, "{allowed} of at most {most}");
    assert!(allowed >= 20, "{allowed}");
}

/// There are so many places and no more; who has one has one, and gives it back once.
async fn places_are_held_and_given_back([one, two]: &[SharedHandle; 2]) {
    let hold =
        async |state: &SharedHandle, holder: &str, most| state.hold(&key("a"), holder, most, LONG).await.expect("hold");
    assert!(!hold(one, "x", 0).await, "there is none");
    assert!(hold(one, "x", 2).await);
    assert!(hold(two, "x", 2).await, "the same again");
    assert!(hold(two, "", 2).await, "it counted once, and any text is a holder");
    assert!(!hold(one, "z", 2).await);
    assert!(hold(one, "x", 1).await, "who is in stays in");
    assert!(!hold(one, "z", 1).await);
    for _ in 0..2 {
        two.release(&key("a"), "x").await.expect("release");
        two.release(&key("a"), "who has none").await.expect("release");
    }
    assert!(hold(one, "z", 2).await);
    assert!(!hold(one, "x", 2).await);
    assert!(one.hold(&key("b"), "x", 1, LONG).await.expect("hold"), "another key has places of its own");
    one.release(&key("b"), "x").await.expect("release");
    assert!(two.hold(&key("b"), "y", 1, LONG).await.expect("hold"), "the last one out leaves all places");
}

/// A place ends with its time, each by its own; holding again sets the time anew.
async fn places_end_unless_held_again(trial: &impl Trial) {
    let [state, _] = trial.fresh().await;
    let hold = async |holder: &str, keep| state.hold(&key("a"), holder, 3, keep).await.expect("hold");
    assert!(hold("renewed", SHORT).await);
    assert!(hold("ended", SHORT).await);
    assert!(hold("renewed", LONG).await);
    assert!(hold("long", LONG).await);
    assert!(!hold("waiting", SHORT).await);
    trial.pass(SHORT).await;
    assert!(hold("waiting", SHORT).await, "one place has ended");
    assert!(!hold("another", LONG).await, "the others have not");
    assert!(hold("renewed", SHORT).await, "a shorter time counts as well");
    trial.pass(SHORT).await;
    assert!(hold("another", LONG).await);
    assert!(hold("one more", LONG).await);
    assert!(!hold("and one", LONG).await);
}

/// However many want a place at once, no more get one than there are; each holds twice, which counts once.
async fn a_crowd_gets_no_more_places_than_there_are(handles: &[SharedHandle; 2]) {
    const MOST: u32 = 7;
    let hold = async |state: SharedHandle, number: usize| {
        let holder = format!("holder {number}");
        let mut has_place = false;
        for _ in 0..2 {
            has_place = state.hold(&key("race"), &holder, MOST, LONG).await.expect("hold");
        }
        has_place
    };
    let got = crowd(handles, hold).await.into_iter().filter(|has_place| *has_place).count();
    assert_eq!(got, MOST as usize);
}

/// A key's value, newest version, rate and holders do not touch each other.
async fn what_a_key_has_keeps_apart(state: &dyn SharedState) {
    let rate = Rate::new(1, LONG).expect("a rate");
    put(state, "a", "value", LONG).await;
    assert_eq!(state.newest(&key("a")).await.expect("newest"), None);
    assert!(state.put_newer(&key("a"), 7, Bytes::from_static(b"x"), LONG).await.expect("put_newer"));
    assert!(state.spend(&key("a"), rate, 1).await.expect("spend").is_allowed());
    assert!(state.hold(&key("a"), "x", 1, LONG).await.expect("hold"));
    assert!(state.take(&key("a")).await.expect("take").is_some());
    state.delete(&key("a")).await.expect("delete");
    assert!(!state.spend(&key("a"), rate, 1).await.expect("spend").is_allowed());
    assert!(!state.hold(&key("a"), "y", 1, LONG).await.expect("hold"));
    assert_eq!(state.newest(&key("a")).await.expect("newest"), Some((7, Bytes::from_static(b"x"))));
}

/// Two states share nothing, wherever they are kept.
async fn states_keep_apart(trial: &impl Trial) {
    let ([one, _], [two, _]) = (trial.fresh().await, trial.fresh().await);
    let rate = Rate::new(1, LONG).expect("a rate");
    put(&*one, "a", "one", LONG).await;
    assert!(one.hold(&key("a"), "x", 1, LONG).await.expect("hold"));
    assert!(one.spend(&key("a"), rate, 1).await.expect("spend").is_allowed());
    assert_eq!(two.take(&key("a")).await.expect("take"), None);
    assert!(two.hold(&key("a"), "y", 1, LONG).await.expect("hold"));
    assert!(two.spend(&key("a"), rate, 1).await.expect("spend").is_allowed());
    assert_eq!(get(&*one, "a").await.as_deref(), Some("one"));
}

/// A check passes on what works, any number at a time, and changes nothing.
async fn the_check_leaves_nothing(state: &dyn SharedState) {
    put(state, "a", "kept", LONG).await;
    for _ in 0..3 {
        let (one, two) = tokio::join!(state.check(), state.check());
        assert_eq!((one, two), (Ok(()), Ok(())));
    }
    assert_eq!(get(state, "a").await.as_deref(), Some("kept"));
}
