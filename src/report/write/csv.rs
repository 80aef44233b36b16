//! Tables as CSV (RFC 4180): machine headers with units, exact numbers.

use crate::report::document::{Cell, SpanUnit, Table};
use crate::report::words::exact;

/// The table with one header line. An empty cell is an empty field.
#[must_use]
pub fn render(table: &Table) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let full = "memory takes every record";
    writer.write_record(table.columns.iter().map(|column| &column.key)).expect(full);
    for row in &table.rows {
        let fields = row.iter().zip(&table.columns).map(|(cell, column)| field(cell, column.unit));
        writer.write_record(fields).expect(full);
    }
    String::from_utf8(writer.into_inner().expect(full)).expect("names are UTF-8")
}

fn field(cell: &Cell, unit: SpanUnit) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Number(text) => text.clone(),
        Cell::Count(count) | Cell::BitsPerSecond(count) => count.to_string(),
        Cell::Span(span) => match unit {
            SpanUnit::Microseconds => exact(span.as_ps(), 1_000_000),
            SpanUnit::Seconds => exact(span.as_ps(), 1_000_000_000_000),
        },
        Cell::Share(share) => exact(share.as_ppb(), 10_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Share, Span};

    #[test]
    fn cells_are_exact_and_quoted_where_needed() {
        let mut table = Table::new("t", &[("name", ""), ("at_s", ""), ("max_us", ""), ("lost_percent", ""), ("x", "")]);
        let (at, max) = (Span::from_ms(1_500), Span::from_ps(31_247_123));
        table.push(vec!["a, \"b\"".into(), at.into(), max.into(), Share::from_ppb(999_900_000).into(), Cell::Empty]);
        assert_eq!(render(&table), "name,at_s,max_us,lost_percent,x\n\"a, \"\"b\"\"\",1.5,31.247123,99.99,\n");
    }
}
