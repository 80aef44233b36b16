//! A report as Markdown (GitHub's tables); plots are links to the SVG files beside it.

use crate::report::document::{Block, Cell, Report, Table};

/// The page, ending in a line break.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = format!("# {}\n\n{}\n", report.title, report.subtitle);
    report.verdict.iter().for_each(|sentence| page.push_str(&format!("\n{sentence}\n")));
    if !report.checks.is_empty() {
        page.push('\n');
    }
    for check in &report.checks {
        page.push_str(&format!("- **{}** {}\n", check.outcome.word(), check.text));
    }
    for section in &report.sections {
        page.push_str(&format!("\n## {}\n", section.heading));
        section.blocks.iter().for_each(|block| push_block(&mut page, block));
    }
    page
}

fn push_block(page: &mut String, block: &Block) {
    page.push('\n');
    match block {
        Block::Paragraph(text) => page.push_str(&format!("{text}\n")),
        Block::Facts(facts) => {
            for (label, text) in facts {
                page.push_str(&format!("- {label}: {text}\n"));
            }
        }
        Block::Table(table) => push_table(page, table),
        Block::Plot(plot) => page.push_str(&format!("![{}]({}.svg)\n", plot.title, plot.name)),
        Block::Verbatim(text) => page.push_str(&format!("```text\n{}\n```\n", text.trim_end())),
        Block::Fold { summary, blocks } => {
            page.push_str(&format!("**{summary}**\n"));
            blocks.iter().for_each(|block| push_block(page, block));
        }
    }
}

fn push_table(page: &mut String, table: &Table) {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    page.push_str(&row(table.columns.iter().map(|column| escaped(&column.heading)).collect()));
    let is_text = |index: usize| table.rows.iter().any(|row| matches!(row[index], Cell::Text(_)));
    let rule = |index| if is_text(index) { "---" } else { "---:" }.to_owned();
    page.push_str(&row((0..table.columns.len()).map(rule).collect()));
    for cells in &table.rows {
        page.push_str(&row(cells.iter().map(|cell| escaped(&cell.to_string())).collect()));
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Section;

    #[test]
    fn a_page_has_headings_tables_with_sides_and_links_to_plots() {
        let mut table = Table::new("t", &[("name", "name"), ("lost", "lost")]);
        table.push(vec!["a|b".into(), 1_234.into()]);
        let blocks = vec![Block::Table(table), Block::Facts(vec![("cores".into(), "2".into())])];
        let report = Report {
            title: "title".into(),
            subtitle: "sub".into(),
            verdict: vec!["It holds.".into()],
            sections: vec![Section { heading: "part".into(), blocks }],
            checks: Vec::new(),
        };
        assert_eq!(
            render(&report),
            "# title\n\nsub\n\nIt holds.\n\n## part\n\n| name | lost |\n| --- | ---: |\n| a\\|b | 1,234 |\n\n- cores: 2\n"
        );
    }
}
