//! Fenced blocks of Markdown, as models write them.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// First word after the fence, in lower case; empty where there is none.
    pub language: String,
    /// What stands in it, without the fence's own indentation.
    pub text: String,
    /// Where its opening line starts, in bytes.
    pub start: usize,
    /// Where its closing line ends, in bytes.
    pub end: usize,
    /// True when it has a closing fence.
    pub closed: bool,
}

struct Open {
    mark: char,
    width: usize,
    indent: usize,
    block: Block,
}

/// All fenced blocks of a text with `\n` line ends. The last one may be unclosed.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match &mut open {
            None => open = opening(line, at),
            Some(inside) if closes(line, inside) => {
                inside.block.closed = true;
                inside.block.end = end;
                found.extend(open.take().map(|inside| inside.block));
            }
            Some(inside) => {
                let spaces = line.len() - line.trim_start_matches(' ').len();
                inside.block.text.push_str(&line[spaces.min(inside.indent)..]);
                inside.block.end = end;
            }
        }
        at = end;
    }
    found.extend(open.map(|inside| inside.block));
    found
}

fn opening(line: &str, start: usize) -> Option<Open> {
    let content = line.trim_end();
    let indent = content.len() - content.trim_start_matches(' ').len();
    let fence = |mark: char| {
        let at = content.find(&String::from(mark).repeat(3))?;
        let width = content[at..].chars().take_while(|c| *c == mark).count();
        Some((at, mark, width))
    };
    let (at, mark, width) = fence('`').or_else(|| fence('~'))?;
    let info = content[at + width..].trim();
    if info.contains(mark) {
        return None;
    }
    let language = info.split([' ', '{', ':', ',']).next().unwrap_or_default().to_lowercase();
    let own_line = content[..at].trim_start_matches([' ', '>', '-', '*']).is_empty();
    // "Here it is: ```python" is meant as a fence; three backticks in a sentence are not.
    if !own_line && !matches!(language.as_str(), "python" | "py" | "python3") {
        return None;
    }
    let block = Block { language, text: String::new(), start, end: start + line.len(), closed: false };
    Some(Open { mark, width, indent, block })
}

fn closes(line: &str, open: &Open) -> bool {
    let content = line.trim();
    content.len() >= open.width && content.chars().all(|c| c == open.mark)
}
