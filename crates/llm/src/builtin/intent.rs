//! The few wishes a rule-based model can recognise in a person's words.
//! Everything else in the prompt is left alone, and the summary says so.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Count,
    Table,
    Text,
    /// To read, without a word of what: of a photo or a table that need not be its text.
    Read,
    Nothing,
}

/// Whole words that ask for a count; parts of words would find "account" and "country".
const COUNT_WORDS: &[&str] = &[
    "count",
    "counts",
    "counted",
    "counting",
    "tally",
    "zähle",
    "zähl",
    "zählen",
    "anzahl",
    "wieviele",
    "combien",
    "compte",
    "compter",
    "dénombre",
    "cuenta",
    "cuente",
    "contar",
    "cuántos",
    "cuántas",
    "cuantos",
    "cuantas",
    "conta",
    "contare",
    "quanti",
    "quante",
    "quantos",
    "quantas",
    "hoeveel",
    "policz",
    "ile",
    "сколько",
    "посчитай",
    "посчитать",
    "количество",
    "скільки",
    "порахуй",
    "kaç",
];
const COUNT_PHRASES: &[&str] = &[
    "how many",
    "number of",
    "wie viele",
    "多少",
    "几个",
    "幾個",
    "数一数",
    "いくつ",
    "何個",
    "何枚",
    "数えて",
    "몇",
    "세어",
];
const TABLE_WORDS: &[&str] = &[
    "table",
    "spreadsheet",
    "excel",
    "csv",
    "tabelle",
    "tableau",
    "tabla",
    "tabela",
    "tabella",
    "tabel",
    "таблица",
    "таблицу",
    "таблиця",
];
const TABLE_PHRASES: &[&str] = &["表格", "の表", "표로"];
const TEXT_WORDS: &[&str] =
    &["text", "ocr", "transcribe", "transcript", "words", "abschrift", "texte", "texto", "testo", "tekst", "текст"];
const READ_WORDS: &[&str] = &["read", "lies", "lesen", "lis", "lire", "lee", "leer", "leggi", "прочитай"];
const TEXT_PHRASES: &[&str] = &["文字", "文本", "テキスト", "텍스트"];

/// What the prompt asks for, as far as rules can tell.
pub fn wish(prompt: &str) -> Wish {
    let prompt = prompt.to_lowercase();
    let words: Vec<&str> = prompt.split(|c: char| !c.is_alphanumeric()).collect();
    let asks = |whole: &[&str], phrases: &[&str]| {
        words.iter().any(|word| whole.contains(word)) || phrases.iter().any(|phrase| prompt.contains(phrase))
    };
    if asks(COUNT_WORDS, COUNT_PHRASES) {
        Wish::Count
    } else if asks(TABLE_WORDS, TABLE_PHRASES) {
        Wish::Table
    } else if asks(TEXT_WORDS, TEXT_PHRASES) {
        Wish::Text
    } else if asks(READ_WORDS, &[]) {
        Wish::Read
    } else {
        Wish::Nothing
    }
}
