//! Plots as SVG by plotters. Text is left to the viewer's own sans-serif, so no font is needed here.

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle, WHITE};

use crate::report::document::{Axis, Mark, Panel, Plot, Scale, Series, SeriesKind};
use crate::report::words::count;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const WIDTH: u32 = 960;
const TITLE_HEIGHT: u32 = 44;
const PANEL_HEIGHT: u32 = 250;
const HEAD_ROW_HEIGHT: u32 = 22;
const MARK_ROW_HEIGHT: u32 = 18;
const X_AXIS_HEIGHT: u32 = 46;
/// Left of the plots: the axis label, then the tick labels.
const LEFT_MARGIN: u32 = 16;
const Y_AXIS_WIDTH: u32 = 74;
/// Room for "1 in 1,000,000".
const WIDE_Y_AXIS_WIDTH: u32 = 126;
const RIGHT_MARGIN: u32 = 24;

const INK: RGBColor = RGBColor(40, 40, 40);
const FAINT: RGBColor = RGBColor(225, 225, 225);
const SHADE: RGBColor = RGBColor(236, 236, 236);
const EDGE: RGBColor = RGBColor(130, 130, 130);

/// Okabe and Ito's palette, told apart with every common colour blindness.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(240, 228, 66),
    RGBColor(90, 90, 90),
];

const DRAWN: &str = "drawing into memory does not fail";

/// The plot as one SVG document.
#[must_use]
pub fn render(plot: &Plot) -> String {
    let mut text = String::new();
    let panels = u32::try_from(plot.panels.len()).unwrap_or(u32::MAX).min(64);
    let rows = mark_rows(plot);
    let depth = u32::try_from(rows.iter().map(|row| row + 1).max().unwrap_or(0)).unwrap_or(0);
    let head = plot.panels.iter().map(|panel| head_height(plot, panel)).max().unwrap_or(0);
    let panel_height = head + depth * MARK_ROW_HEIGHT + PANEL_HEIGHT;
    {
        let size = (WIDTH, TITLE_HEIGHT + panels * panel_height + 8);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE).expect(DRAWN);
        put_text(&root, &plot.title, (plot_left(plot), 14), &bold(19));
        for (index, panel) in (0..panels).zip(&plot.panels) {
            let area = root.clone().shrink((0, TITLE_HEIGHT + index * panel_height), (WIDTH, panel_height));
            let x_label = if index + 1 == panels { plot.x.label.as_str() } else { "" };
            draw_panel(&area, plot, panel, (&rows, head + depth * MARK_ROW_HEIGHT), x_label);
        }
        root.present().expect(DRAWN);
    }
    text
}

/// Where the y axis stands, in pixels from the left.
fn plot_left(plot: &Plot) -> i32 {
    (LEFT_MARGIN + y_axis_width(plot)).cast_signed()
}

/// One width for all panels, so that their axes stand in line.
fn y_axis_width(plot: &Plot) -> u32 {
    let wide = plot.panels.iter().any(|panel| panel.y.scale == Scale::OneIn);
    if wide { WIDE_Y_AXIS_WIDTH } else { Y_AXIS_WIDTH }
}

fn draw_panel(area: &Area<'_>, plot: &Plot, panel: &Panel, (rows, top): (&[usize], u32), x_label: &str) {
    put_text(area, &panel.title, (plot_left(plot), 4), &bold(14));
    draw_legend(area, plot, panel);
    let mut chart = ChartBuilder::on(area)
        .margin_top(top)
        .margin_left(LEFT_MARGIN)
        .margin_right(RIGHT_MARGIN)
        .x_label_area_size(X_AXIS_HEIGHT)
        .y_label_area_size(y_axis_width(plot))
        .build_cartesian_2d(plot.x.from..plot.x.to, panel.y.from..panel.y.to)
        .expect(DRAWN);
    for mark in &plot.marks {
        let corners = [(mark.from, panel.y.from), (mark.to, panel.y.to)];
        chart.draw_series([Rectangle::new(corners, SHADE.filled())]).expect(DRAWN);
    }
    let (x_format, y_format) = (formatter(&plot.x), formatter(&panel.y));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_max_light_lines(0)
        .bold_line_style(FAINT)
        .axis_style(EDGE)
        .x_labels(ticks(&plot.x, 12))
        .y_labels(ticks(&panel.y, 7))
        .x_label_formatter(&x_format)
        .y_label_formatter(&y_format)
        .label_style(plain(13))
        .axis_desc_style(plain(14))
        .x_desc(x_label)
        .y_desc(panel.y.label.as_str())
        .draw()
        .expect(DRAWN);
    draw_names(area, &chart, plot, panel);
    draw_series(&mut chart, panel);
    for (mark, row) in plot.marks.iter().zip(rows) {
        draw_mark(area, &mut chart, panel, mark, *row);
    }
}

/// How many ticks an axis has: where values are logarithms, one for each whole power at most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful")]
fn ticks(axis: &Axis, most: usize) -> usize {
    match axis.scale {
        Scale::Linear => most,
        Scale::OneIn | Scale::PowersOfTen => ((axis.to - axis.from) as usize + 1).min(12),
        Scale::Named(_) => 0,
    }
}

/// Names below the x axis, each in the middle of its place.
fn draw_names(area: &Area<'_>, chart: &Chart<'_, '_>, plot: &Plot, panel: &Panel) {
    let Scale::Named(names) = &plot.x.scale else { return };
    for (name, place) in names.iter().zip((0u32..).map(f64::from)) {
        let (middle, bottom) = chart.backend_coord(&(place + 0.5, panel.y.from));
        let (_, base) = area.get_base_pixel();
        put_text(area, name, (middle - text_width(name, 13) / 2, bottom - base + 8), &plain(13));
    }
}

fn draw_series(chart: &mut Chart<'_, '_>, panel: &Panel) {
    let mut bases: Vec<f64> = Vec::new();
    for (index, series) in panel.series.iter().enumerate() {
        let colour = PALETTE[series.colour % PALETTE.len()];
        match &series.kind {
            SeriesKind::Line(points) => {
                // Earlier lines are wider, so that one hidden under another is still seen.
                let over = panel.series[index + 1..].iter().filter(|later| matches!(later.kind, SeriesKind::Line(_)));
                let width = 2 + 3 * u32::try_from(over.count().min(3)).expect("at most 3");
                for run in runs(points) {
                    draw_line(chart, run, colour, width);
                }
            }
            SeriesKind::Band(points) => {
                for run in runs(points) {
                    draw_band(chart, &run, colour);
                }
            }
            SeriesKind::Stack(bars) => {
                bases.resize(bases.len().max(bars.len()), 0.0);
                draw_stack(chart, bars, &mut bases, colour);
            }
        }
    }
}

/// The stretches without a gap.
fn runs<T: Copy>(points: &[(f64, Option<T>)]) -> Vec<Vec<(f64, T)>> {
    let stretches = points.split(|(_, y)| y.is_none()).filter(|run| !run.is_empty());
    stretches.map(|run| run.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect()).collect()
}

fn draw_line(chart: &mut Chart<'_, '_>, run: Vec<(f64, f64)>, colour: RGBColor, width: u32) {
    if let [only] = run[..] {
        chart.draw_series([Circle::new(only, 2, colour.filled())]).expect(DRAWN);
        return;
    }
    chart.draw_series([PathElement::new(run, ShapeStyle::from(colour).stroke_width(width))]).expect(DRAWN);
}

fn draw_band(chart: &mut Chart<'_, '_>, run: &[(f64, (f64, f64))], colour: RGBColor) {
    if let [(x, (low, high))] = run[..] {
        let line = PathElement::new(vec![(x, low), (x, high)], ShapeStyle::from(colour).stroke_width(2));
        chart.draw_series([line]).expect(DRAWN);
        return;
    }
    let above = run.iter().map(|(x, (_, high))| (*x, *high));
    let below = run.iter().rev().map(|(x, (low, _))| (*x, *low));
    let outline: Vec<(f64, f64)> = above.chain(below).collect();
    chart.draw_series([Polygon::new(outline, colour.mix(0.45))]).expect(DRAWN);
}

/// Bars on `bases`, which rise by them. Each stretch of bars is one shape, with an outline of its own colour so that a
/// bar narrower than a pixel is still seen.
fn draw_stack(chart: &mut Chart<'_, '_>, bars: &[(f64, f64, f64)], bases: &mut [f64], colour: RGBColor) {
    let stacked: Vec<(f64, f64, f64, f64)> = bars
        .iter()
        .zip(bases.iter_mut())
        .map(|((from, to, height), base)| {
            let low = *base;
            *base += height;
            (*from, *to, low, *base)
        })
        .collect();
    for run in stacked.split(|(_, _, low, high)| high <= low).filter(|run| !run.is_empty()) {
        let tops = run.iter().flat_map(|(from, to, _, high)| [(*from, *high), (*to, *high)]);
        let floors = run.iter().rev().flat_map(|(from, to, low, _)| [(*to, *low), (*from, *low)]);
        let mut outline: Vec<(f64, f64)> = tops.chain(floors).collect();
        chart.draw_series([Polygon::new(outline.clone(), colour.filled())]).expect(DRAWN);
        outline.push(outline[0]);
        chart.draw_series([PathElement::new(outline, ShapeStyle::from(colour).stroke_width(1))]).expect(DRAWN);
    }
}

/// A line where it begins, and its label above the plot with a row of its own where it would touch another.
fn draw_mark(area: &Area<'_>, chart: &mut Chart<'_, '_>, panel: &Panel, mark: &Mark, row: usize) {
    for x in [mark.from, mark.to] {
        let line = PathElement::new(vec![(x, panel.y.from), (x, panel.y.to)], ShapeStyle::from(EDGE).stroke_width(1));
        chart.draw_series([line]).expect(DRAWN);
    }
    let (begin, top) = chart.backend_coord(&(mark.from, panel.y.to));
    let (_, base) = area.get_base_pixel();
    let row = i32::try_from(row).unwrap_or(0);
    let x = clear_of_edge(begin, &mark.label);
    let y = top - base - (row + 1) * MARK_ROW_HEIGHT.cast_signed();
    put_text(area, &mark.label, (x, y), &plain(13));
}

/// For each mark the row above the plot that its label goes into: the first in which it touches no other.
fn mark_rows(plot: &Plot) -> Vec<usize> {
    let left = plot_left(plot);
    let plot_width = f64::from(WIDTH.cast_signed() - left - RIGHT_MARGIN.cast_signed());
    let width = (plot.x.to - plot.x.from).max(f64::MIN_POSITIVE);
    let mut ends: Vec<i32> = Vec::new();
    let mut rows = Vec::new();
    for mark in &plot.marks {
        let offset = ((mark.from - plot.x.from) / width * plot_width).clamp(0.0, plot_width);
        #[expect(clippy::cast_possible_truncation, reason = "in range: a share of the plot's width in pixels")]
        let begin = clear_of_edge(left + offset as i32, &mark.label);
        let row = ends.iter().position(|end| *end <= begin).unwrap_or(ends.len());
        let end = begin + text_width(&mark.label, 13) + 10;
        if row == ends.len() {
            ends.push(end);
        } else {
            ends[row] = end;
        }
        rows.push(row);
    }
    rows
}

fn clear_of_edge(x: i32, label: &str) -> i32 {
    x.min(WIDTH.cast_signed() - 4 - text_width(label, 13)).max(0)
}

/// Pixels that a legend entry takes: its key, its label and the gap behind it.
fn entry_width(series: &Series) -> i32 {
    26 + text_width(&series.label, 13) + 16
}

/// The legend in rows that fit, and whether its first row goes beside the title.
fn legend_rows<'a>(plot: &Plot, panel: &'a Panel) -> (Vec<Vec<&'a Series>>, i32) {
    let left = plot_left(plot);
    let room = WIDTH.cast_signed() - RIGHT_MARGIN.cast_signed() - left;
    let title = if panel.title.is_empty() { 0 } else { text_width(&panel.title, 15) + 24 };
    // A series without a label belongs to another one.
    let named = || panel.series.iter().filter(|series| !series.label.is_empty());
    let whole: i32 = named().map(entry_width).sum();
    if title + whole <= room {
        return (vec![named().collect()], left + room - whole);
    }
    let mut rows: Vec<Vec<&Series>> = vec![Vec::new(), Vec::new()];
    let mut used = 0;
    for series in named() {
        if used > 0 && used + entry_width(series) > room {
            rows.push(Vec::new());
            used = 0;
        }
        used += entry_width(series);
        rows.last_mut().expect("never empty").push(series);
    }
    (rows, left)
}

fn head_height(plot: &Plot, panel: &Panel) -> u32 {
    HEAD_ROW_HEIGHT * u32::try_from(legend_rows(plot, panel).0.len()).unwrap_or(1) + 4
}

/// Beside the title where both fit, otherwise in rows below it. Stacked series stand in the order seen from below.
fn draw_legend(area: &Area<'_>, plot: &Plot, panel: &Panel) {
    let (rows, begin) = legend_rows(plot, panel);
    let mut y = 4;
    for row in rows {
        let mut x = begin;
        for series in row {
            draw_key(area, series, (x, y));
            put_text(area, &series.label, (x + 26, y), &plain(13));
            x += entry_width(series);
        }
        y += HEAD_ROW_HEIGHT.cast_signed();
    }
}

fn draw_key(area: &Area<'_>, series: &Series, (x, y): (i32, i32)) {
    let colour = PALETTE[series.colour % PALETTE.len()];
    match series.kind {
        SeriesKind::Line(_) => {
            let line = PathElement::new(vec![(x, y + 7), (x + 20, y + 7)], ShapeStyle::from(colour).stroke_width(2));
            area.draw(&line).expect(DRAWN);
        }
        SeriesKind::Band(_) => {
            area.draw(&Rectangle::new([(x, y + 1), (x + 20, y + 13)], colour.mix(0.45).filled())).expect(DRAWN);
        }
        SeriesKind::Stack(_) => {
            area.draw(&Rectangle::new([(x, y + 1), (x + 20, y + 13)], colour.filled())).expect(DRAWN);
        }
    }
}

/// An estimate, since there is no font to measure: a sans-serif letter is some 0.58 as wide as high.
fn text_width(text: &str, size: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * size * 58 / 100
}

fn put_text(area: &Area<'_>, text: &str, at: (i32, i32), style: &TextStyle<'_>) {
    area.draw(&Text::new(text.to_owned(), at, style)).expect(DRAWN);
}

// plotters takes the height of a line, of which a letter's size is 1/1.24.
fn plain(size: u32) -> TextStyle<'static> {
    ("sans-serif", f64::from(size) * 1.24).into_font().color(&INK)
}

fn bold(size: u32) -> TextStyle<'static> {
    ("sans-serif", f64::from(size) * 1.24).into_font().style(FontStyle::Bold).color(&INK)
}

fn formatter(axis: &Axis) -> Box<dyn Fn(&f64) -> String> {
    match axis.scale {
        Scale::Linear => Box::new(|value| decimal(*value)),
        Scale::OneIn => Box::new(|value| one_in(*value)),
        Scale::PowersOfTen => Box::new(|value| power_of_ten(*value)),
        Scale::Named(_) => Box::new(|_| String::new()),
    }
}

/// Up to four decimals, as many as are needed.
fn decimal(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// -3 as "1 in 1,000"; nothing between whole powers of ten.
fn one_in(value: f64) -> String {
    match power_of_ten(-value).as_str() {
        "" => String::new(),
        "1" => "all".to_owned(),
        number => format!("1 in {number}"),
    }
}

/// 3 as "1,000"; nothing between whole powers of ten.
fn power_of_ten(value: f64) -> String {
    let power = value.round();
    if (value - power).abs() > 1e-9 || !(0.0..19.0).contains(&power) {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range: checked above")]
    let power = power as u32;
    count(10u64.pow(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(marks: &[(f64, &str)]) -> Plot {
        let axis = |to| Axis { label: "time, s".into(), from: 0.0, to, scale: Scale::Linear };
        let points = vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(2.0)), (3.0, Some(1.0))];
        let series = Series { label: "a < b & c".into(), kind: SeriesKind::Line(points), colour: 0 };
        Plot {
            name: "p".into(),
            title: "A \"title\" <with> & all".into(),
            panels: vec![Panel { title: "one".into(), y: axis(2.0), series: vec![series] }],
            x: axis(100.0),
            marks: marks
                .iter()
                .map(|(from, label)| Mark { from: *from, to: from + 1.0, label: (*label).to_owned() })
                .collect(),
        }
    }

    #[test]
    fn labels_that_would_touch_get_rows_of_their_own() {
        let rows = mark_rows(&plot(&[(10.0, "a long name of an incident"), (11.0, "b"), (80.0, "c"), (99.0, "d")]));
        assert_eq!(rows, [0, 1, 0, 0]);
    }

    #[test]
    fn names_stand_below_their_places_instead_of_numbers() {
        let mut named = plot(&[]);
        named.x.to = 2.0;
        named.x.scale = Scale::Named(vec!["one workload".to_owned(), "another".to_owned()]);
        let svg = render(&named);
        assert!(svg.contains("one workload") && svg.contains("another"), "{svg}");
        // Only the y axis has a 1.
        assert_eq!(svg.matches("\n1\n").count(), 1, "{svg}");
    }

    #[test]
    fn text_is_escaped_and_bytes_are_stable() {
        let svg = render(&plot(&[(10.0, "x<y")]));
        assert!(svg.contains("&lt;with&gt; &amp; all") && svg.contains("x&lt;y"), "{svg}");
        assert_eq!(svg, render(&plot(&[(10.0, "x<y")])));
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn ticks_read_well() {
        assert_eq!([0.0, -1.0, -6.0].map(one_in), ["all", "1 in 10", "1 in 1,000,000"]);
        assert_eq!(one_in(-1.5), "");
        assert_eq!([0.0, 2.0, 4.0, 2.5].map(power_of_ten), ["1", "100", "10,000", ""]);
        assert_eq!([0.30, -0.0, 12.0].map(decimal), ["0.3", "0", "12"]);
    }

    #[test]
    fn a_gap_splits_a_line() {
        let points = [(0.0, Some(1.0)), (1.0, None), (2.0, Some(2.0)), (3.0, Some(1.0))];
        assert_eq!(runs(&points), [vec![(0.0, 1.0)], vec![(2.0, 2.0), (3.0, 1.0)]]);
    }
}
