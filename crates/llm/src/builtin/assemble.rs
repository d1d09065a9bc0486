//! Putting one script together from templates: the readers a job needs, the shared
//! parts those readers import, the pictures' constants, and a short `main`.
//!
//! Templates are ordinary Python modules that import shared parts by name
//! (`from part_axis import ...`), so linters and editors see nothing unusual; here
//! such an import is replaced by the part itself. Only text from templates and
//! finished literals is ever joined: nothing from a picture is interpreted.

use super::choose::Reader;
use super::literal::Py;

/// Modules of the standard library that templates use; the rest are third-party.
const STANDARD: &[&str] = &["collections", "csv", "datetime", "itertools", "json", "math", "pathlib", "re"];

/// One step of the script: which function handles which picture.
pub struct Step {
    pub reader: Reader,
    pub constants: Py,
    /// The readers of the charts in a picture of several, each once.
    pub panels: Vec<Reader>,
    /// Whether the picture was made fit for looking, so the script must do the same to it.
    pub is_prepared: bool,
}

struct Template {
    function: &'static str,
    source: &'static str,
}

fn template(reader: Reader) -> Template {
    let (function, source) = match reader {
        Reader::Table => ("read_table", include_str!("templates/table.py")),
        Reader::PlainTable => ("read_plain_table", include_str!("templates/plain_table.py")),
        Reader::Bar => ("read_bars", include_str!("templates/bar.py")),
        Reader::Line => ("read_lines", include_str!("templates/line.py")),
        Reader::Scatter => ("read_points", include_str!("templates/scatter.py")),
        Reader::Pie => ("read_wedges", include_str!("templates/pie.py")),
        Reader::Panels => ("read_panels", include_str!("templates/panels.py")),
        Reader::Diagram => ("redraw_diagram", include_str!("templates/diagram.py")),
        Reader::Text => ("read_page", include_str!("templates/text.py")),
        Reader::Objects => ("count_objects", include_str!("templates/objects.py")),
        Reader::PlainObjects => ("count_blobs", include_str!("templates/plain_objects.py")),
        Reader::Photo => ("look_at", include_str!("templates/photo.py")),
        Reader::Describe => ("describe", include_str!("templates/describe.py")),
    };
    Template { function, source }
}

fn part(name: &str, is_prepared: bool) -> &'static str {
    match name {
        "part_image" if is_prepared => include_str!("templates/part_image_prepared.py"),
        "part_axis" => include_str!("templates/part_axis.py"),
        "part_cells" => include_str!("templates/part_cells.py"),
        "part_chart" => include_str!("templates/part_chart.py"),
        "part_colour" => include_str!("templates/part_colour.py"),
        "part_describe" => include_str!("templates/part_describe.py"),
        "part_doubt" => include_str!("templates/part_doubt.py"),
        "part_wish" => include_str!("templates/part_wish.py"),
        "part_image" => include_str!("templates/part_image.py"),
        "part_series" => include_str!("templates/part_series.py"),
        "part_objects" => include_str!("templates/part_objects.py"),
        _ => "",
    }
}

/// A template taken apart.
struct Module {
    doc: String,
    imports: Vec<&'static str>,
    parts: Vec<&'static str>,
    body: String,
}

fn take_apart(source: &'static str) -> Module {
    let mut module = Module { doc: String::new(), imports: vec![], parts: vec![], body: String::new() };
    let after_quotes = source.trim_start().strip_prefix("\"\"\"").unwrap_or(source);
    let (doc, code) = after_quotes.split_once("\"\"\"").unwrap_or(("", after_quotes));
    doc.trim().clone_into(&mut module.doc);
    let mut in_imports = true;
    for line in code.lines() {
        let is_import = line.starts_with("import ") || line.starts_with("from ");
        if in_imports && is_import {
            match line.strip_prefix("from part_") {
                Some(rest) => {
                    let end = "from part_".len() + rest.find(' ').unwrap_or(rest.len());
                    module.parts.push(&line["from ".len()..end]);
                }
                None => module.imports.push(line),
            }
        } else if in_imports && line.is_empty() {
        } else {
            in_imports = false;
            module.body.push_str(line);
            module.body.push('\n');
        }
    }
    module
}

/// Everything the steps need, each module once, parts before whoever uses them.
fn gather(steps: &[Step]) -> Vec<Module> {
    fn add(source: &'static str, is_prepared: bool, seen: &mut Vec<&'static str>, modules: &mut Vec<Module>) {
        if seen.contains(&source) {
            return;
        }
        seen.push(source);
        let module = take_apart(source);
        for name in &module.parts {
            add(part(name, is_prepared), is_prepared, seen, modules);
        }
        modules.push(module);
    }
    let is_prepared = steps.iter().any(|step| step.is_prepared);
    let (mut seen, mut modules) = (Vec::new(), Vec::new());
    let several: Vec<Reader> = steps.iter().flat_map(|step| &step.panels).copied().collect();
    for reader in &several {
        add(template(*reader).source, is_prepared, &mut seen, &mut modules);
    }
    if !several.is_empty() {
        modules.push(readers(&several));
    }
    for step in steps {
        add(template(step.reader).source, is_prepared, &mut seen, &mut modules);
    }
    modules
}

/// Which function reads which kind of panel; only of readers that the script has.
fn readers(several: &[Reader]) -> Module {
    let mut entries: Vec<String> = vec![];
    for reader in several {
        let kind = match reader {
            Reader::Bar => "bar",
            Reader::Line => "line",
            Reader::Scatter => "scatter",
            _ => "pie",
        };
        let entry = format!("\"{kind}\": {}", template(*reader).function);
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let body = format!("READERS = {{{}}}", entries.join(", "));
    Module { doc: String::new(), imports: vec![], parts: vec![], body }
}

/// The whole script. Several pictures get a loop that survives one of them being
/// unreadable.
pub fn script(steps: &[Step]) -> String {
    let modules = gather(steps);
    let mut standard: Vec<&str> = vec![];
    let mut third_party: Vec<&str> = vec![];
    for import in modules.iter().flat_map(|module| &module.imports) {
        let package = import.split([' ', '.']).nth(1).unwrap_or_default();
        let group = if STANDARD.contains(&package) { &mut standard } else { &mut third_party };
        if !group.contains(import) {
            group.push(import);
        }
    }
    for group in [&mut standard, &mut third_party] {
        group.sort_by_key(|import| (import.starts_with("from "), *import));
    }
    let imports = [standard.join("\n"), third_party.join("\n")];
    let imports: Vec<&str> = imports.iter().map(String::as_str).filter(|i| !i.is_empty()).collect();
    let bodies: Vec<&str> = modules.iter().map(|module| module.body.trim()).collect();
    format!(
        "{}\n\n{}\n\n{}\n\n\n{}\n\n\n{}",
        docstring(steps),
        imports.join("\n\n"),
        constants(steps),
        bodies.join("\n\n\n"),
        main(steps),
    )
}

fn docstring(steps: &[Step]) -> String {
    let mut docs: Vec<String> = vec![];
    for step in steps {
        let doc = take_apart(template(step.reader).source).doc;
        if !docs.contains(&doc) {
            docs.push(doc);
        }
    }
    let head = match steps.len() {
        1 => String::new(),
        several => format!("Handle {several} pictures in turn.\n\n"),
    };
    format!(
        "\"\"\"{head}{}\n\n\
         Written by rules, not by a language model: the kind of picture chose this\n\
         script, and what was seen in the picture filled in its constants.\n\"\"\"",
        docs.join("\n\n")
    )
}

fn name_of(steps: &[Step], index: usize) -> String {
    if steps.len() == 1 { "PICTURE".to_owned() } else { format!("PICTURE_{}", index + 1) }
}

fn constants(steps: &[Step]) -> String {
    let lines: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let name = name_of(steps, index);
            format!("{name} = {}", step.constants.write(0, name.len() + 3))
        })
        .collect();
    lines.join("\n\n")
}

/// `{calls}` is the only hole; what fills it is our own function and constant names.
const MAIN_FOR_SEVERAL: &str = r#"def main():
    """Handle each picture; one that cannot be read does not stop the others."""
    steps = [
{calls}    ]
    failed = 0
    for number, (read, picture) in enumerate(steps, start=1):
        try:
            print(f"Picture {number}: {read(picture)}")
        except Exception as problem:
            failed += 1
            print(f"Picture {number} could not be read: {problem}")
    if failed == len(steps):
        raise SystemExit("No picture could be read.")


if __name__ == "__main__":
    main()
"#;

fn main(steps: &[Step]) -> String {
    if let [step] = steps {
        let function = template(step.reader).function;
        return format!("if __name__ == \"__main__\":\n    print({function}(PICTURE))\n");
    }
    let calls: String = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let function = template(step.reader).function;
            format!("        ({function}, {}),\n", name_of(steps, index))
        })
        .collect();
    MAIN_FOR_SEVERAL.replace("{calls}", &calls)
}
