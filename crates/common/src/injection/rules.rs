//! What instructions to models look like, in words.

/// When a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Wherever it matches.
    Order,
    /// Only near a word that addresses a model: people are told the same by manuals and posters.
    WhereAddressed,
}

/// Phrases that have to follow one another in one sentence.
pub struct Rule {
    /// Its name in a [`super::Flag`].
    pub name: &'static str,
    pub kind: Kind,
    /// Most letters between two parts.
    pub gap: usize,
    /// Each part: alternatives with bars between them; `^` asks for the start of a word, `$` for its end.
    pub parts: &'static [&'static str],
}

const fn order(name: &'static str, gap: usize, parts: &'static [&'static str]) -> Rule {
    Rule { name, kind: Kind::Order, gap, parts }
}

const fn addressed(name: &'static str, gap: usize, parts: &'static [&'static str]) -> Rule {
    Rule { name, kind: Kind::WhereAddressed, gap, parts }
}

const DROP: &str = "ignore|disregard|forget|override|bypass|do not follow|pay no attention to|stop following";
const INNER: &str = "environment variable|^env vars|os.environ|etc/passwd|etc/shadow|proc/self/environ|proc/1/environ|\
                     private key|id_rsa|environment and$";

/// All rules. Each name may stand at several.
pub const ALL: &[Rule] = &[
    order(
        "override",
        24,
        &[
            DROP,
            "^all|previous|^prior|above|earlier|preceding|^your$|system",
            "instruction|prompt|^rules|directive|guideline|command|polic|programming",
        ],
    ),
    order(
        "override",
        14,
        &[
            DROP,
            "everything|anything|all that|all text|all of th",
            "above|before this|you were told|you have been told|said so far",
        ],
    ),
    order(
        "persona",
        24,
        &[
            "you are now|you're now|from now on you|^act as|pretend to be|pretend you are|behave as|you are no longer",
            "^dan$|developer mode|unrestricted|jailbr|no restriction|without restriction|without any restriction|^no rules|\
             without rules|without any rules|root shell|linux terminal|no longer bound|language model|bound by",
        ],
    ),
    order(
        "persona",
        18,
        &[
            "you are now a|you're now a|from now on you are a",
            "assistant|^ai$|ai agent|ai model|chatbot|hacker|terminal$",
        ],
    ),
    order(
        "persona",
        16,
        &[
            "you are|you're|assume|^answer|respond|^act$|^reply|pretend",
            "developer mode|god mode|jailbreak mode|dan mode|unrestricted mode",
        ],
    ),
    order(
        "system prompt",
        20,
        &[
            "^print|reveal|^show|^repeat|^output|display|^leak|^tell|^send|^ignore|^forget|disregard|override|include|^copy|^give",
            "system prompt|hidden prompt|hidden instruction|initial instruction|your prompt$",
        ],
    ),
    order("system prompt", 12, &["reveal|^leak|^output|^repeat|^print", "your instruction|your rules|your guideline"]),
    order(
        "address",
        0,
        &[
            "new system prompt|begin system prompt|end of system prompt|system prompt override|system override|note to ai$|\
           note to the ai$|to any ai$|if you are an ai$|if you are an ai model|if you are a language model|as an ai you must|\
           instruction to the model|instructions to the model|instruction for the model|instructions for the model|\
           instructions for the ai$|instructions for ai|message to the assistant|note to the assistant|new instructions for",
        ],
    ),
    order(
        "secrets",
        30,
        &[
            "^print$|^reveal|^dump$|^output$|^leak|exfiltrate|disclose|^expose|^send$|^post$|^upload|^copy$|^print all|^print the",
            INNER,
        ],
    ),
    order(
        "secrets",
        12,
        &[
            "^print|^reveal|^dump|^output|^leak|exfiltrate|disclose|^send",
            "environment$|environmentandfetch|environmentandsend",
        ],
    ),
    order(
        "secrets",
        16,
        &[
            "^reveal|^leak|exfiltrate|^dump|disclose|^print",
            "your api key|all api key|the api key|your secret|all secrets|the secrets|your credential|all credential|\
             your password|all password|your token|your key|all keys|secret key|access token|model key",
        ],
    ),
    addressed(
        "secrets",
        24,
        &[
            "^show|^list|^write|^include|^return|^give|^append|^put|^send|^post|^upload|^output|^read|display",
            "environment variable|os.environ|etc/passwd|api key|secret|credential|password|access token|environment$",
        ],
    ),
    order(
        "fetch",
        16,
        &[
            "^fetch|make a request to|send a request to|post it to|post them to|send them to|send the result to|\
             send everything to|exfiltrate",
            "http|hxxp|ftp:|www.|this address|this url|this link|169.254|127.0.0.1|localhost",
        ],
    ),
    addressed(
        "fetch",
        24,
        &[
            "^open|^visit|^go to|download|^curl|^wget|^request|navigate|browse|^load|^call|connect|^post|^send|^link|retrieve",
            "http|hxxp|ftp:|www.|this address|this url|this link|169.254|127.0.0.1|localhost|socket",
        ],
    ),
    addressed(
        "command",
        16,
        &[
            "^run|execute",
            "this command|following command|following code|this code|shell command|rm -rf|os.system|subprocess|/bin/sh|\
             /bin/bash|this script|^curl|^wget|command$",
        ],
    ),
    order(
        "command",
        40,
        &[
            "your code must|your script must|the script must|the code must|in your code|in your script|write code that|\
             write a script that|write python that|make the script|make your script",
            "environ|socket|etc/passwd|http|subprocess|os.system|secret|password|api key|delete all",
        ],
    ),
    order(
        "answer only",
        4,
        &["^reply|^respond|say nothing but", "only with|with only|exclusively with|only the word|the word"],
    ),
    order(
        "answer only",
        2,
        &["^answer|^output|^say", "only the word|only with the word|only the text|exactly the word"],
    ),
    order(
        "conceal",
        10,
        &[
            "do not tell|don't tell|never tell|without telling|do not mention this to|hide this from|keep this from",
            "the user$|the human$",
        ],
    ),
    // German
    order(
        "override",
        30,
        &[
            "ignorier|missachte|^vergiss|vergessen sie|befolge nicht",
            "^alle|vorherig|bisherig|vorig|obig|^deine|^ihre|frühere|vorangehend",
            "anweisung|instruktion|^regeln|befehle|vorgaben|anordnung",
        ],
    ),
    order(
        "secrets",
        30,
        &[
            "^gib|^geben sie|^zeige|^drucke|^nenne|^verrate|^sende|^schicke",
            "umgebungsvariable|geheimniss|systemprompt|zugangsdaten|passwörter|api-schlüssel",
        ],
    ),
    order(
        "persona",
        24,
        &[
            "du bist jetzt|du bist nun|du bist ab jetzt|sie sind jetzt",
            "entwicklermodus|sprachmodell|assistent|ohne regeln|keine regeln",
        ],
    ),
    // French
    order(
        "override",
        30,
        &[
            "ignore|oublie|ne tiens pas compte|ne tenez pas compte|ne tenir aucun compte",
            "instruction|consigne|directive|règle",
            "précédent|antérieur|ci-dessus|du système|d'avant|reçues",
        ],
    ),
    order(
        "secrets",
        30,
        &[
            "affiche|^montre|révèle|^imprime|^donne|^envoie|divulgue",
            "variables d'environnement|secrets|clés api|clé api|mots de passe|identifiants|prompt système",
        ],
    ),
    // Spanish
    order(
        "override",
        30,
        &[
            "ignora|ignore|olvida|olvide|caso omiso|no sigas",
            "instrucci|órdenes|^reglas|indicacion",
            "anterior|previa|del sistema|de arriba|recibida",
        ],
    ),
    order(
        "secrets",
        30,
        &[
            "^muestra|^muestre|^imprime|^imprima|^revela|^revele|^envía|^envíe|divulga",
            "variables de entorno|secretos|contraseñas|claves|credenciales",
        ],
    ),
    // Russian
    order(
        "override",
        30,
        &[
            "игнорируй|забудь|не обращай внимания|не обращайте внимания|не следуй",
            "предыдущ|прежн|выше|^все|^твои|^ваши|системн|прошл",
            "инструкци|указани|правила|команд|промпт",
        ],
    ),
    order(
        "secrets",
        30,
        &[
            "выведи|покажи|напечатай|раскрой|отправь|распечатай|сообщи",
            "переменные окружения|переменные среды|секрет|системный промпт|пароли|ключи|токен",
        ],
    ),
    // Chinese
    order(
        "override",
        12,
        &[
            "忽略|无视|忘记|忽视|不要理会|不要遵守",
            "之前|以上|先前|上述|前面|所有|此前|上面",
            "指令|指示|提示|规则|说明|命令|要求",
        ],
    ),
    order("secrets", 12, &["输出|打印|显示|泄露|告诉我|发送|列出", "环境变量|系统提示|密钥|密码|机密"]),
    order("persona", 8, &["你现在是|从现在起你是|从现在开始你是", "开发者模式|助手|模型|不受限制|没有限制|无限制"]),
];

/// Words that address a model.
pub const ADDRESSES: &str = "^ai$|^llm|language model|chatgpt|^gpt|assistant|chatbot|^claude$|^gemini$|ai model|ai agent|\
                             your summary|your script|your code|your prompt|dear model|^the model must|^agent$";

/// Marks of chat templates.
pub const TEMPLATE_MARKS: &[&str] = &[
    "<|im_start",
    "<|im_end",
    "<im_start",
    "<im_end",
    "<|system|",
    "<|user|",
    "<|assistant|",
    "<|endoftext|",
    "<|eot_id|",
    "<|start_header_id",
    "<start_header_id",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<|endofprompt|",
    "<|channel|",
    "### Instruction:",
    "### System:",
];

/// Marks by which models call tools.
pub const TOOL_MARKS: &[&str] = &[
    "<tool_call>",
    "</tool_call>",
    "<|tool_call",
    "<function_call",
    "<function=",
    "</function>",
    "[TOOL_CALLS]",
    "<invoke",
    "<tool_use>",
    "\"tool_calls\":",
    "\"function_call\":",
    "<tool_response>",
];

/// Marks by which this platform quotes data to models.
pub const FENCE_MARKS: &[&str] = &[
    "<<<REQUEST",
    "REQUEST>>>",
    "<<<EVIDENCE",
    "EVIDENCE>>>",
    "<<<OUTPUT",
    "OUTPUT>>>",
    "<<<NOTES",
    "NOTES>>>",
    "<<<ERRORS",
    "ERRORS>>>",
    "<<<FINDINGS",
    "FINDINGS>>>",
    "<<<TITLE",
    "TITLE>>>",
    "<<<PLAN",
    "PLAN>>>",
];
