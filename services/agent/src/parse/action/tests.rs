use super::*;
use proptest::prelude::*;

const SIZES: [(u32, u32); 2] = [(100, 50), (10, 10)];

/// Everything is possible but what `without` names.
fn offer(without: &[Action]) -> Offer {
    use crate::decide::Purpose;
    use crate::turn::{Attempt, Past, Run, Turn};
    let ends = !without.contains(&Action::Finish);
    let run = Run {
        status: common::execution::RunStatus::Ok,
        exit_code: None,
        stdout: String::new(),
        stderr: String::new(),
        outputs: vec![],
    };
    let worked = Past::Attempt(Attempt { code_key: "k".into(), run: Some(run), ..Attempt::default() });
    let looks_left = if without.contains(&Action::LookCloser) { 0 } else { 4 };
    let turn = Turn { looks_left, ..Turn::of("", if ends { vec![worked] } else { vec![] }, 3) };
    let offer = Offer::of(&turn, Purpose::Improve, !without.contains(&Action::AskVision));
    Offer { sizes: SIZES.to_vec(), ..offer }
}

fn reply(text: &str, calls: &[(&str, &str)]) -> Reply {
    let call = |(name, arguments): &(&str, &str)| ToolCall { name: (*name).into(), arguments: (*arguments).into() };
    Reply { tool_calls: calls.iter().map(call).collect(), ..Reply::new("m", text, Default::default()) }
}

fn script(code: &str, explanation: &str) -> Result<Wanted, &'static str> {
    Ok(Wanted::Code(Found { code: code.into(), explanation: explanation.into() }))
}

fn closer(area: Option<[u32; 4]>) -> Result<Wanted, &'static str> {
    Ok(Wanted::Look(Look { picture: 0, area, question: "q".into() }))
}

fn check(reply: &Reply, offer: &Offer, expected: Result<Wanted, &str>) {
    match (action(reply, offer), expected) {
        (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{:?} {:?}", reply.text, reply.tool_calls),
        (Err(reason), Err(part)) => assert!(reason.contains(part), "{:?}: {reason}", reply.text),
        (found, expected) => panic!("{:?}: {found:?} and not {expected:?}", reply.text),
    }
}

/// Protects the loop: each action is found in text however it is wrapped, an area is cut to its picture, code stays code,
/// and what may not be done or is not there is refused with a reason.
#[test]
fn actions_in_text_are_found() {
    let rows: Vec<(&str, Result<Wanted, &str>)> = vec![
        (r#"{"action":"look_closer","picture":1,"box":[1,2,30,4],"question":"q"}"#, closer(Some([1, 2, 30, 4]))),
        (r#"{"action":"look_closer","picture":1.0,"box":[-5,2,30,400],"question":"q"}"#, closer(Some([0, 2, 25, 48]))),
        (r#"{"action":"look_closer","box":[1,2,30,4],"question":"q","code":null}"#, closer(Some([1, 2, 30, 4]))),
        ("```json\n{\"action\":\"ask_vision\",\"picture\":1,\"question\":\"q\"}\n```", closer(None)),
        ("<think>hm</think>\nSure: {\"action\":\"ask_vision\",\"question\":\"q\"}", closer(None)),
        ("{'action': 'ask_vision', 'question': 'q',}", closer(None)),
        (r#"{"action":"finish"}"#, Ok(Wanted::Finish)),
        (r#"{"action":"write_code","code":"print(1)","explanation":"Counts."}"#, script("print(1)\n", "Counts.")),
        (r#"{"code": "print(1)", "explanation": "Counts."}"#, script("print(1)\n", "Counts.")),
        ("```json\n{\"code\": \"print(1)\\nprint(2)\"}\n```", script("print(1)\nprint(2)\n", "")),
        (r#"{"code": "```python\nprint(1)\n```"}"#, script("print(1)\n", "")),
        ("{\"action\": \"write_code\", \"code\": \"print(1)\nprint(2)\"}", script("print(1)\nprint(2)\n", "")),
        ("Counts.\n```python\nprint(1)\n```", script("print(1)\n", "Counts.")),
        ("```python\nx = {\"action\": \"ask_vision\"}\n```", script("x = {\"action\": \"ask_vision\"}\n", "")),
        ("```\n{1: 2}\n```\n```python\nprint(1)\n```", script("print(1)\n", "")),
        (r#"{"action":"look_closer","picture":3,"box":[1,2,30,4]}"#, Err("no part of a picture")),
        (r#"{"action":"look_closer","picture":0,"box":[1,2,30,4]}"#, Err("no part of a picture")),
        (r#"{"action":"look_closer","picture":1,"box":[200,2,30,4]}"#, Err("no part of a picture")),
        (r#"{"action":"look_closer","picture":1,"box":[1,2,"30",4]}"#, Err("no part of a picture")),
        (r#"{"action":"delete","picture":1}"#, Err("does not exist")),
        (r#"{"action":"write_code","code":42}"#, Err("no Python code")),
        (r#"{"action":"write_code","code":"\u0000"}"#, Err("control characters")),
        (r#"{"answer": 42}"#, Err("no Python code")),
        ("{", Err("cut off")),
        ("", Err("empty")),
    ];
    for (text, expected) in rows {
        check(&reply(text, &[]), &offer(&[]), expected);
    }
}

/// Protects servers with tools: a call is the action, of several the first that may be taken, and one that cannot be read
/// does not hide the code beside it.
#[test]
fn calls_are_actions() {
    let write = ("write_code", r#"{"explanation": "Counts.", "code": "print(1)\n"}"#);
    let look = ("look_closer", r#"{"picture": 1, "box": [1, 2, 3, 4], "question": "q"}"#);
    let fenced = "```python\nprint(2)\n```";
    type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, Result<Wanted, &'a str>);
    let rows: Vec<Row<'_>> = vec![
        ("", vec![write], script("print(1)\n", "Counts.")),
        (fenced, vec![write], script("print(1)\n", "Counts.")),
        ("", vec![look, write], closer(Some([1, 2, 3, 4]))),
        ("", vec![("nonsense", "{}"), write], script("print(1)\n", "Counts.")),
        ("", vec![("write_code", "{'code': 'print(1)',}")], script("print(1)\n", "")),
        ("", vec![("finish", "")], Ok(Wanted::Finish)),
        (fenced, vec![("write_code", "no JSON at all")], script("print(2)\n", "")),
        ("", vec![("write_code", "no JSON at all")], Err("no JSON object")),
        ("", vec![("write_code", "[1, 2]")], Err("no Python code")),
        ("I am done.", vec![("nonsense", "{}")], Err("does not exist")),
    ];
    for (text, calls, expected) in rows {
        check(&reply(text, &calls), &offer(&[]), expected);
    }
}

/// Protects runs from half a script: what was cut off within a call or an object is not taken.
#[test]
fn what_was_cut_off_is_not_taken() {
    let cut = |text: &str, calls: &[(&str, &str)]| Reply { cut_off: true, ..reply(text, calls) };
    check(&cut("", &[("write_code", r#"{"code": "print(1)\nprint("#)]), &offer(&[]), Err("cut off"));
    check(&cut(r#"{"action": "write_code", "code": "print(1)\nprint("#, &[]), &offer(&[]), Err("cut off"));
    check(&cut(r#"{"action": "write_code", "code": "print(1)"}"#, &[]), &offer(&[]), script("print(1)\n", ""));
}

/// Protects budgets and jobs from actions that were not offered, whoever asks for them.
#[test]
fn what_is_not_offered_is_refused() {
    for (wanted, text) in [
        (Action::LookCloser, r#"{"action":"look_closer","picture":1,"box":[1,2,3,4],"question":"q"}"#),
        (Action::AskVision, r#"{"action":"ask_vision","picture":1,"question":"q"}"#),
        (Action::Finish, r#"{"action":"finish"}"#),
    ] {
        check(&reply(text, &[]), &offer(&[wanted]), Err("not possible now"));
        check(&reply("", &[(wanted.name(), text)]), &offer(&[wanted]), Err("not possible now"));
    }
}

proptest! {
    /// Protects the agent from any answer at all: no panic, and every refusal is a sentence.
    #[test]
    fn any_answer_is_survived(text in ".{0,200}", name in "[a-z_]{0,12}", arguments in ".{0,200}", cut_off: bool) {
        let any = Reply { cut_off, ..reply(&text, &[(&name, &arguments), ("write_code", &arguments)]) };
        if let Err(reason) = action(&any, &offer(&[])) {
            prop_assert!(reason.ends_with('.'), "{reason}");
        }
    }
}
