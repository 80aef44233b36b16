//! Does the source keep to its own plan? Reads `src/` as text and fails with file and line.
//!
//! The table below is the plan; `docs/architecture.md` is its prose. Comments and string literals are not code
//! and never count.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every top-level module with its layer. Imports only point to lower layers.
const LAYERS: [(u8, &[&str]); 7] = [
    (6, &["main", "cli"]),
    (5, &["report"]),
    (4, &["study"]),
    (3, &["sim"]),
    (2, &["scenario", "dataplane", "control", "traffic", "failures", "sla"]),
    (1, &["engine", "network", "message"]),
    (0, &["units", "ids", "rng"]),
];

/// The only imports allowed inside one layer, as (importer, imported).
const WITHIN_A_LAYER: [(&str, &str); 2] = [("main", "cli"), ("rng", "units")];

/// Crates that only one place may name, as (crate, the path prefix of that place).
const CRATE_HOMES: [(&str, &str); 3] =
    [("petgraph", "src/network/graph/"), ("rand", "src/rng.rs"), ("rand_chacha", "src/rng.rs")];

/// Macros that mark unfinished work or debugging.
const LEFTOVERS: [&str; 3] = ["todo", "dbg", "unimplemented"];

const LONGEST_FILE: usize = 500;

#[test]
fn imports_only_point_down() {
    fail_with(&over_sources(|file| {
        let importer = file.top_module();
        imports(file)
            .into_iter()
            .filter(|(_, imported)| !may_import(&importer, imported))
            .map(|(line, imported)| format!("{}:{line}: {importer} must not import {imported}", file.path))
            .collect()
    }));
}

#[test]
fn every_module_has_a_layer() {
    let known: BTreeSet<&str> = LAYERS.iter().flat_map(|(_, modules)| modules.iter().copied()).collect();
    let found: BTreeSet<String> =
        sources().iter().map(SourceFile::top_module).filter(|module| module != "lib").collect();
    let problems: Vec<String> = found
        .iter()
        .filter(|module| !known.contains(module.as_str()))
        .map(|module| format!("src/{module}: not in the layer table of tests/architecture.rs"))
        .chain(
            known
                .iter()
                .filter(|module| !found.contains(**module))
                .map(|module| format!("{module}: in the layer table, but not in src/")),
        )
        .collect();
    fail_with(&problems);
}

#[test]
fn no_source_file_is_over_500_lines() {
    fail_with(&over_sources(|file| {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE { vec![format!("{}:{lines}: more than 500 lines", file.path)] } else { Vec::new() }
    }));
}

#[test]
fn nothing_is_left_unfinished() {
    fail_with(&over_sources(|file| {
        let tokens = tokens(&file.text);
        tokens
            .windows(2)
            .filter(|pair| LEFTOVERS.contains(&pair[0].text.as_str()) && pair[1].text == "!")
            .map(|pair| format!("{}:{}: a leftover {}!", file.path, pair[0].line, pair[0].text))
            .collect()
    }));
}

#[test]
fn graphs_and_randomness_each_have_one_home() {
    fail_with(&over_sources(|file| {
        crate_roots(&tokens(&file.text))
            .into_iter()
            .filter_map(|(line, root)| {
                let (_, home) = CRATE_HOMES.into_iter().find(|(name, _)| *name == root)?;
                (!file.path.starts_with(home)).then(|| format!("{}:{line}: {root} belongs to {home}", file.path))
            })
            .collect()
    }));
}

#[test]
fn the_readme_lists_every_scenario() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let problems: Vec<String> = files_under("scenarios", "toml")
        .into_iter()
        .filter(|path| !readme.contains(&format!("`{path}`")))
        .map(|path| format!("README.md: no line for `{path}`"))
        .collect();
    fail_with(&problems);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents = files_under("docs", "md");
    documents.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned));
    let mut problems = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        let folder = root().join(document).parent().expect("a folder").to_owned();
        for (index, line) in text.lines().enumerate() {
            for target in link_targets(line) {
                if !folder.join(&target).exists() {
                    problems.push(format!("{document}:{}: no such file: {target}", index + 1));
                }
            }
        }
    }
    fail_with(&problems);
}

/// The checks above must be able to fail: each kind of forbidden text is found, and its look-alikes are not.
#[test]
fn the_reader_of_sources_sees_code_only() {
    let source = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let of = |path: &str, text: &str| imports(&source(path, text));

    assert_eq!(of("src/sla/mod.rs", "use crate::report::Page;"), [(1, "report".to_owned())]);
    assert_eq!(
        of("src/sla/mod.rs", "use crate::{\n    units::{Span, Time},\n    sim,\n};"),
        [(2, "units".to_owned()), (3, "sim".to_owned())]
    );
    assert_eq!(of("src/sla/mod.rs", "fn f() { crate::cli::run() }"), [(1, "cli".to_owned())]);
    assert_eq!(of("src/sla/deep.rs", "use super::super::report::Page;"), [(1, "report".to_owned())]);
    assert_eq!(of("src/main.rs", "fn main() { fabricsim::cli::main() }"), [(1, "cli".to_owned())]);
    assert_eq!(of("src/rng.rs", "use super::report;"), [(1, "report".to_owned())]);
    // Not imports of another module: a parent's own items, comments, strings, characters, lifetimes.
    assert_eq!(of("src/rng.rs", "mod tests { use super::Stream; }"), []);
    assert_eq!(of("src/sla/deep.rs", "use super::judge;"), []);
    assert_eq!(of("src/sla/mod.rs", "// use crate::report;\n/* crate::cli /* */ crate::sim */"), []);
    assert_eq!(of("src/sla/mod.rs", r##"const A: &str = "crate::cli"; const B: &str = r#"crate::"sim"#;"##), []);
    assert_eq!(of("src/sla/mod.rs", "fn f<'a>(c: &'a str) { g('\"'); crate::sim::x(); g('\\'') }").len(), 1);

    assert!(may_import("sim", "control") && may_import("rng", "units"));
    assert!(!may_import("control", "dataplane") && !may_import("network", "message") && !may_import("sla", "sim"));
    assert!(!may_import("sim", "unheard_of"));

    let roots = |text: &str| crate_roots(&tokens(text)).into_iter().map(|(_, root)| root).collect::<Vec<_>>();
    assert!(roots("use rand::Rng;").contains(&"rand".to_owned()));
    assert!(roots("fn f() { petgraph::Graph::new() }").contains(&"petgraph".to_owned()));
    assert!(!roots("fn f() { self::rand::x(); let rand = 1; }").contains(&"rand".to_owned()));

    assert_eq!(link_targets("see [a](docs/a.md#part) and [b](https://x.org)"), ["docs/a.md"]);
}

// ---------------------------------------------------------------------------------------------------------------

struct SourceFile {
    /// With `/`, from the package's folder: "src/network/link.rs".
    path: String,
    text: String,
}

impl SourceFile {
    /// "src/network/graph/mod.rs" -> ["network", "graph"]; "src/lib.rs" -> ["lib"].
    fn modules(&self) -> Vec<&str> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut modules: Vec<&str> = inner.split('/').collect();
        if modules.len() > 1 && modules.last() == Some(&"mod") {
            modules.pop();
        }
        modules
    }

    fn top_module(&self) -> String {
        self.modules()[0].to_owned()
    }
}

fn may_import(importer: &str, imported: &str) -> bool {
    let layer = |name: &str| LAYERS.iter().find(|(_, modules)| modules.contains(&name)).map(|(layer, _)| *layer);
    match (layer(importer), layer(imported)) {
        // The library's root declares the modules and imports nothing.
        (None, _) => importer == "lib",
        (_, None) => false,
        (Some(from), Some(to)) => importer == imported || to < from || WITHIN_A_LAYER.contains(&(importer, imported)),
    }
}

/// Top-level modules that a file names, with the line: after `crate::`, `fabricsim::`, or enough `super::`.
fn imports(file: &SourceFile) -> Vec<(usize, String)> {
    let tokens = tokens(&file.text);
    let file_depth = if matches!(file.path.as_str(), "src/lib.rs" | "src/main.rs") { 0 } else { file.modules().len() };
    let mut found = Vec::new();
    let mut braces: Vec<bool> = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        match tokens[index].text.as_str() {
            "{" => braces.push(index >= 2 && tokens[index - 2].text == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" | "fabricsim" if follows(&tokens, index, "::") => heads(&tokens, index + 2, &mut found),
            "super" => {
                let mut supers = 1;
                while follows(&tokens, index, "::") && follows(&tokens, index + 1, "super") {
                    supers += 1;
                    index += 2;
                }
                let depth = file_depth + braces.iter().filter(|module| **module).count();
                if supers == depth && follows(&tokens, index, "::") {
                    heads(&tokens, index + 2, &mut found);
                }
            }
            _ => {}
        }
        index += 1;
    }
    found
}

/// The first name of a path, or of each path in the group `{a::b, c}` that starts at `index`.
fn heads(tokens: &[Token], index: usize, found: &mut Vec<(usize, String)>) {
    let Some(first) = tokens.get(index) else { return };
    if first.text != "{" {
        found.push((first.line, first.text.clone()));
        return;
    }
    let mut depth = 0;
    for pair in tokens[index..].windows(2) {
        match pair[0].text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
        if depth == 1 && matches!(pair[0].text.as_str(), "{" | ",") && pair[1].text != "}" {
            found.push((pair[1].line, pair[1].text.clone()));
        }
    }
}

fn follows(tokens: &[Token], index: usize, text: &str) -> bool {
    tokens.get(index + 1).is_some_and(|token| token.text == text)
}

/// Names that begin a path (`x::...` or `use x`), with their lines.
fn crate_roots(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut roots = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
        if before != "::" && (before == "use" || follows(tokens, index, "::")) {
            roots.push((token.line, token.text.clone()));
        }
    }
    roots
}

#[derive(Debug)]
struct Token {
    line: usize,
    text: String,
}

/// Names, `::` and single punctuation marks; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let begin = index;
        match chars[index] {
            '/' if at(index + 1) == '/' => {
                while index < chars.len() && chars[index] != '\n' {
                    index += 1;
                }
            }
            '/' if at(index + 1) == '*' => index = end_of_block_comment(&chars, index),
            '"' => index = end_of_string(&chars, index),
            'r' if raw_string_hashes(&chars, index + 1).is_some() => {
                index = end_of_raw_string(&chars, index + 1);
            }
            'b' if at(index + 1) == 'r' && raw_string_hashes(&chars, index + 2).is_some() => {
                index = end_of_raw_string(&chars, index + 2);
            }
            // A character ('x', '\n'), otherwise a lifetime, of which only the mark is skipped.
            '\'' if at(index + 1) == '\\' => {
                index += 3;
                while index < chars.len() && chars[index] != '\'' {
                    index += 1;
                }
                index += 1;
            }
            '\'' if at(index + 2) == '\'' => index += 3,
            '\'' => index += 1,
            c if c.is_alphanumeric() || c == '_' => {
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
                tokens.push(Token { line, text: chars[begin..index].iter().collect() });
            }
            ':' if at(index + 1) == ':' => {
                index += 2;
                tokens.push(Token { line, text: "::".to_owned() });
            }
            c => {
                index += 1;
                if !c.is_whitespace() {
                    tokens.push(Token { line, text: c.to_string() });
                }
            }
        }
        line += chars[begin..index.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn end_of_block_comment(chars: &[char], begin: usize) -> usize {
    let (mut index, mut depth) = (begin + 2, 1);
    while index < chars.len() && depth > 0 {
        match (chars[index], chars.get(index + 1)) {
            ('*', Some('/')) => (index, depth) = (index + 2, depth - 1),
            ('/', Some('*')) => (index, depth) = (index + 2, depth + 1),
            _ => index += 1,
        }
    }
    index
}

fn end_of_string(chars: &[char], begin: usize) -> usize {
    let mut index = begin + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// How many `#` stand before the quote of a raw string that begins here; `None` when none begins.
fn raw_string_hashes(chars: &[char], begin: usize) -> Option<usize> {
    let hashes = chars[begin.min(chars.len())..].iter().take_while(|c| **c == '#').count();
    (chars.get(begin + hashes) == Some(&'"')).then_some(hashes)
}

fn end_of_raw_string(chars: &[char], begin: usize) -> usize {
    let hashes = raw_string_hashes(chars, begin).expect("a raw string");
    let mut index = begin + hashes + 1;
    while index < chars.len() {
        if chars[index] == '"' && chars[index + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return index + 1 + hashes;
        }
        index += 1;
    }
    index
}

/// Files that a line of Markdown links to, without their `#part`.
fn link_targets(line: &str) -> Vec<String> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target).to_owned())
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<SourceFile> {
    let files: Vec<SourceFile> = files_under("src", "rs")
        .into_iter()
        .map(|path| SourceFile { text: fs::read_to_string(root().join(&path)).expect("a source file"), path })
        .collect();
    assert!(files.len() > 10, "src/ was not found");
    files
}

fn over_sources(check: impl Fn(&SourceFile) -> Vec<String>) -> Vec<String> {
    sources().iter().flat_map(check).collect()
}

/// Files with this extension anywhere below `folder`, sorted, with `/`, from the package's folder.
fn files_under(folder: &str, extension: &str) -> Vec<String> {
    fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), extension, &mut found);
    let mut paths: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/"))
        .collect();
    paths.sort();
    paths
}

fn fail_with(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
