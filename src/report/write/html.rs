//! A report as one self-contained page: its style and its plots are inside, and it asks no server for anything.

use super::svg;
use crate::report::document::{Block, Cell, Check, Outcome, Report, Section, Table};

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    let title = escaped(&report.title);
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(&format!("<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"));
    page.push_str(&format!("<header>\n<h1>{title}</h1>\n<p class=\"subtitle\">{}</p>\n", escaped(&report.subtitle)));
    for sentence in &report.verdict {
        page.push_str(&format!("<p class=\"verdict\">{}</p>\n", escaped(sentence)));
    }
    push_checks(&mut page, &report.checks);
    page.push_str("</header>\n");
    report.sections.iter().for_each(|section| push_section(&mut page, section));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn push_checks(page: &mut String, checks: &[Check]) {
    if checks.is_empty() {
        return;
    }
    page.push_str("<ul class=\"checks\">\n");
    for check in checks {
        let class = match check.outcome {
            Outcome::Pass | Outcome::Within => "good",
            Outcome::Fail | Outcome::Over => "bad",
            Outcome::Open => "open",
        };
        let (word, text) = (check.outcome.word(), escaped(&check.text));
        page.push_str(&format!("<li><span class=\"badge {class}\">{word}</span> {text}</li>\n"));
    }
    page.push_str("</ul>\n");
}

fn push_section(page: &mut String, section: &Section) {
    page.push_str(&format!("<section>\n<h2>{}</h2>\n", escaped(&section.heading)));
    section.blocks.iter().for_each(|block| push_block(page, block));
    page.push_str("</section>\n");
}

fn push_block(page: &mut String, block: &Block) {
    match block {
        Block::Paragraph(text) => page.push_str(&format!("<p>{}</p>\n", lines(text))),
        Block::Facts(facts) => {
            page.push_str("<dl>\n");
            for (label, text) in facts {
                page.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escaped(label), lines(text)));
            }
            page.push_str("</dl>\n");
        }
        Block::Table(table) => push_table(page, table),
        Block::Plot(plot) => {
            // Inside a page an SVG element needs no namespace, and the page stays free of addresses.
            let svg = svg::render(plot).replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
            page.push_str(&format!("<figure role=\"img\" aria-label=\"{}\">\n{svg}</figure>\n", escaped(&plot.title)));
        }
        Block::Verbatim(text) => page.push_str(&format!("<pre>{}</pre>\n", escaped(text))),
        Block::Fold { summary, blocks } => {
            page.push_str(&format!("<details>\n<summary>{}</summary>\n", escaped(summary)));
            blocks.iter().for_each(|block| push_block(page, block));
            page.push_str("</details>\n");
        }
    }
}

fn push_table(page: &mut String, table: &Table) {
    let is_text = |index: usize| table.rows.iter().any(|row| matches!(row[index], Cell::Text(_)));
    let classes: Vec<&str> =
        (0..table.columns.len()).map(|index| if is_text(index) { "" } else { " class=\"number\"" }).collect();
    page.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for (column, class) in table.columns.iter().zip(&classes) {
        page.push_str(&format!("<th{class}>{}</th>", escaped(&column.heading)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (cell, class) in row.iter().zip(&classes) {
            page.push_str(&format!("<td{class}>{}</td>", escaped(&cell.to_string())));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
