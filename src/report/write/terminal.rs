//! A report as plain text of at most 80 columns: no colours, no plots, nothing folded.

use crate::report::document::{Block, Cell, Report, Table};

const WIDTH: usize = 80;
const INDENT: usize = 2;

/// The page, ending in a line break.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut lines = wrapped(&report.title, 0, 0);
    lines.extend(wrapped(&report.subtitle, 0, 0));
    lines.push(String::new());
    lines.extend(report.verdict.iter().flat_map(|sentence| wrapped(sentence, 0, 0)));
    push_checks(&mut lines, report);
    for section in &report.sections {
        lines.push(String::new());
        lines.extend(wrapped(&section.heading, 0, INDENT));
        section.blocks.iter().for_each(|block| push_block(&mut lines, block));
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What was judged stands first: it is what the reader came for.
fn push_checks(lines: &mut Vec<String>, report: &Report) {
    let width = report.checks.iter().map(|check| check.outcome.word().len()).max().unwrap_or(0);
    for check in &report.checks {
        lines.extend(wrapped(&format!("{:width$}  {}", check.outcome.word(), check.text), 0, width + 2));
    }
}

fn push_block(lines: &mut Vec<String>, block: &Block) {
    match block {
        Block::Paragraph(text) => lines.extend(wrapped(text, INDENT, INDENT)),
        Block::Facts(facts) => {
            let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
            for (label, text) in facts {
                let hang = INDENT + width + 2;
                lines.extend(wrapped_after(&format!("{:INDENT$}{label:width$}  ", ""), text, hang));
            }
        }
        Block::Table(table) => push_table(lines, table),
        Block::Verbatim(text) => lines.extend(text.lines().map(str::to_owned)),
        Block::Plot(_) | Block::Fold { .. } => {}
    }
}

/// Columns two spaces apart; numbers and their headings to the right. A table that would be too wide gives up width
/// in its first column.
fn push_table(lines: &mut Vec<String>, table: &Table) {
    let texts: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(Cell::to_string).collect()).collect();
    let longest = |index: usize| {
        let cells = texts.iter().map(|row| row[index].chars().count());
        cells.chain([table.columns[index].heading.chars().count()]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..table.columns.len()).map(longest).collect();
    let total = INDENT + widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    if let Some(first) = widths.first_mut() {
        *first = first.saturating_sub(total.saturating_sub(WIDTH)).max(8.min(*first));
    }
    let left: Vec<bool> = (0..table.columns.len())
        .map(|index| table.rows.iter().any(|row| matches!(row[index], Cell::Text(_))))
        .collect();
    let mut push = |cells: Vec<&str>| {
        let mut line = " ".repeat(INDENT);
        for (index, cell) in cells.into_iter().enumerate() {
            let (cell, width) = (shortened(cell, widths[index]), widths[index]);
            let gap = if index == 0 { "" } else { "  " };
            let padded = if left[index] { format!("{cell:width$}") } else { format!("{cell:>width$}") };
            line.push_str(gap);
            line.push_str(&padded);
        }
        lines.push(line);
    };
    push(table.columns.iter().map(|column| column.heading.as_str()).collect());
    for row in &texts {
        push(row.iter().map(String::as_str).collect());
    }
}

/// A name too long for its column keeps its end, which tells names apart.
fn shortened(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let tail: String = text.chars().skip(length - width.saturating_sub(2)).collect();
    format!("..{tail}")
}

fn wrapped(text: &str, indent: usize, hang: usize) -> Vec<String> {
    wrapped_after(&" ".repeat(indent), text, hang)
}

/// `text` behind `lead`, broken at its line breaks and at spaces; a single word longer than the line stays whole.
fn wrapped_after(lead: &str, text: &str, hang: usize) -> Vec<String> {
    let (text, more) = text.split_once('\n').map_or((text, None), |(text, more)| (text, Some(more)));
    let mut lines = Vec::new();
    let mut line = lead.to_owned();
    let mut bare = true;
    for word in words(text) {
        let space = usize::from(!bare);
        if !bare && line.chars().count() + space + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(hang)));
            bare = true;
        }
        if !bare {
            line.push(' ');
        }
        line.push_str(&word);
        bare = false;
    }
    lines.push(line);
    lines.extend(more.into_iter().flat_map(|more| wrapped(more, hang, hang)));
    lines
}

/// The words of a text; a unit stays with its number.
fn words(text: &str) -> Vec<String> {
    const UNITS: [&str; 9] = ["s", "ms", "us", "ns", "Gbps", "Mbps", "kbps", "days", "packets"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match words.last_mut() {
            Some(number)
                if UNITS.contains(&word.trim_end_matches(&[',', ';', ')', '.', ':'][..]))
                    && number.ends_with(|end: char| end.is_ascii_digit()) =>
            {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_80_columns_and_hangs() {
        let lines = wrapped(&"word ".repeat(30), 2, 4);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.trim_end().chars().count() <= WIDTH));
        assert!(lines[1].starts_with("    word"));
    }

    #[test]
    fn numbers_stand_under_the_right_end_of_their_heading() {
        let mut table = Table::new("t", &[("name", "name"), ("lost", "lost")]);
        table.push(vec!["a".into(), 1_234.into()]);
        table.push(vec!["bcdef".into(), 5.into()]);
        let mut lines = Vec::new();
        push_table(&mut lines, &table);
        assert_eq!(lines, ["  name    lost", "  a      1,234", "  bcdef      5"]);
    }

    #[test]
    fn a_wide_table_keeps_the_ends_of_its_names() {
        let mut table = Table::new("t", &[("name", "name"), ("lost", "lost")]);
        table.push(vec![format!("{}end", "x".repeat(90)).into(), 5.into()]);
        let mut lines = Vec::new();
        push_table(&mut lines, &table);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert!(lines[1].starts_with("  ..xxx") && lines[1].contains("xend"));
    }
}
