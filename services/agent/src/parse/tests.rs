use super::*;
use proptest::prelude::*;

fn check(answer: &str, code_expected: &str, explanation: &str) {
    let found = code(answer, false).unwrap_or_else(|reason| panic!("{answer:?}: {reason}"));
    assert_eq!((found.code.as_str(), found.explanation.as_str()), (code_expected, explanation), "{answer:?}");
}

fn refused(answer: &str, cut_off: bool, reason_part: &str) {
    let reason = code(answer, cut_off).expect_err(answer);
    assert!(reason.contains(reason_part), "{answer:?}: {reason}");
}

/// Protects paid answers: code is found however a model wraps it.
#[test]
fn code_is_found() {
    check("Counts.\n```python\nprint(1)\n```", "print(1)\n", "Counts.");
    check("Counts.\r\n```python\r\nprint(1)\r\n```\r\n", "print(1)\n", "Counts.");
    check("```py\nprint(1)\n```\nIt counts.", "print(1)\n", "It counts.");
    check("```\nprint(1)\n```", "print(1)\n", "");
    check("~~~python\nprint(1)\n~~~", "print(1)\n", "");
    check("````python\nprint('```')\n````", "print('```')\n", "");
    check("Here: ```python\nprint(1)\n```", "print(1)\n", "");
    check("1. Do\n   ```python\n   if x:\n       y()\n   ```", "if x:\n    y()\n", "1. Do");
    check("```Python title=\"a.py\"\nprint(1)\n```", "print(1)\n", "");
    check("Forgot the end\n```python\nprint(1)\n", "print(1)\n", "Forgot the end");
    check("<think>maybe\n```python\nbad()\n```\n</think>\nOk.\n```python\nprint(1)\n```", "print(1)\n", "Ok.");
    check("hm\n</think>\n```python\nprint(1)\n```", "print(1)\n", "");
    check("```python\nprint('</think>')\n```", "print('</think>')\n", "");
    check(
        "```bash\npip install x\n```\n```python\nprint(1)\n```\n```text\nlonger than the code by far\n```",
        "print(1)\n",
        "",
    );
    check("```python\na()\n```\nor better\n```python\nb()\n```", "b()\n", "or better");
    check("```python\nimport a\na.run()\n```\nCall it:\n```python\nrun()\n```", "import a\na.run()\n", "Call it:");
    check("import os\n\nfor x in y:\n    print(x)\n", "import os\n\nfor x in y:\n    print(x)\n", "");
    check(
        "I will count.\n\nimport cv2\nimage = cv2.imread('x')\nprint(image.shape)",
        "import cv2\nimage = cv2.imread('x')\nprint(image.shape)\n",
        "I will count.",
    );
    check("print(1)", "print(1)\n", "");
    check("\u{feff}```python\n\n\nprint(1)  \n\n```", "print(1)\n", "");
}

/// Protects the critic and the sandbox from prose, fragments and oversized text.
#[test]
fn what_is_no_code_is_refused() {
    refused("", false, "empty");
    refused(" \r\n ", false, "empty");
    refused("I cannot see the picture.", false, "no Python code");
    refused("If you like, I can count the bars. For that, run the tool with care: it works.", false, "no Python code");
    refused("Use ```x``` here", false, "no Python code");
    refused("```bash\nls\n```", false, "no Python code");
    refused("```\nJust a quotation of a person.\n```", false, "no Python code");
    refused("<think>still going", false, "still thinking");
    refused("<think>done</think>  ", false, "empty");
    refused("```python\n# nothing yet\n```", false, "empty");
    refused("```python\nprint(1)\nprint(", true, "cut off");
    refused(&format!("```python\n{}\n```", "x = 1\n".repeat(20_000)), false, "longer than 80 KiB");
    refused("```python\nprint('\0')\n```", false, "control characters");
    refused(r#"{"answer": 42}"#, false, "no Python code");
}

/// Protects a cut-off answer whose code was already complete.
#[test]
fn complete_code_of_a_cut_off_answer_is_used() {
    assert_eq!(code("```python\nprint(1)\n```\nIt prints", true).unwrap().code, "print(1)\n");
}

/// Protects notes and summaries: thinking is no part of what people read.
#[test]
fn prose_has_no_thinking() {
    assert_eq!(prose("<think>x</think>\n Five bars.\u{7}\r\n"), "Five bars.");
    assert_eq!(prose("<think>x"), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Protects the agent from any answer at all: no panic, and what is accepted keeps the promises
    /// that later steps rely on.
    #[test]
    fn any_text_is_survived(answer in ".{0,400}", cut_off: bool) {
        holds(&answer, cut_off)?;
    }

    /// Likewise for answers made of the pieces that the reading looks for.
    #[test]
    fn any_mixture_of_marks_is_survived(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40), cut_off: bool) {
        holds(&pieces.concat(), cut_off)?;
    }

    /// Protects working code: whatever stands between proper fences comes out as it went in.
    #[test]
    fn fenced_code_comes_out_unchanged(lines in prop::collection::vec("[a-z]{1,8} = '[ -_a-z]{0,20}x'", 1..30), prose in "[a-zA-Z ,.]{0,80}") {
        let script = format!("{}\n", lines.join("\n"));
        let found = code(&format!("{prose}\n```python\n{script}```\n"), false);
        prop_assert_eq!(found.map(|found| found.code), Ok(script));
    }
}

const PIECES: &[&str] = &[
    "```",
    "````",
    "~~~",
    "```python\n",
    "```py",
    "\n",
    "\r\n",
    " ",
    "    ",
    "\t",
    "import os\n",
    "print(1)\n",
    "x = 1\n",
    "é",
    "…",
    "<think>",
    "</think>",
    "</think>\n",
    "{\"code\": \"",
    "\"}",
    "{",
    "}",
    "#",
    "def f():\n",
    "\u{feff}",
    "\0",
    "json\n",
    ">",
    "- ",
    "a b c",
];

fn holds(answer: &str, cut_off: bool) -> Result<(), TestCaseError> {
    match code(answer, cut_off) {
        Err(reason) => prop_assert!(reason.ends_with('.')),
        Ok(found) => {
            prop_assert!(found.code.len() <= MAX_JOB_CODE_BYTES && found.code.ends_with('\n'));
            prop_assert!(!found.code.trim().is_empty() && !found.code.contains(['\r', '\0']));
            prop_assert!(found.explanation.len() <= EXPLANATION_BYTES);
        }
    }
    Ok(())
}
