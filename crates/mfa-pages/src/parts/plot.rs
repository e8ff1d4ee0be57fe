//! Bar charts over time as SVG, with the same numbers in a table.

use maud::{Markup, html};

use crate::request::PageRequest;

/// The view box: a little larger than the chart, for labels at its edges.
const VIEW: &str = "-20 -8 740 208";
const WIDTH: u64 = 720;
const HEIGHT: u64 = 200;
/// The width of the axis labels on the right, beside the newest columns, which are visible on small screens.
const RIGHT: u64 = 46;
/// The bottom of the columns.
const END: u64 = WIDTH - RIGHT;
/// The baseline of the column labels.
const BOTTOM: u64 = 24;
/// The number of labels that fit below the chart.
const LABELS: usize = 8;

/// A series of bars: its CSS class and its name.
#[derive(Clone, Debug)]
pub(crate) struct PlotSeries {
    pub(crate) class: &'static str,
    pub(crate) name: String,
}

/// A column: its label and a number for each series.
#[derive(Clone, Debug)]
pub(crate) struct PlotColumn {
    pub(crate) label: String,
    pub(crate) counts: Vec<u64>,
}

/// Renders stacked bars with a legend and a table.
pub(crate) fn plot(
    request: &PageRequest,
    id: &str,
    title: &str,
    series: &[PlotSeries],
    columns: &[PlotColumn],
) -> Markup {
    let total = |column: &PlotColumn| column.counts.iter().fold(0_u64, |sum, it| sum.saturating_add(*it));
    let top = nice_top(columns.iter().map(total).max().unwrap_or(0));
    html! {
        div.plot {
            div.plot-frame tabindex="0" role="group" aria-label=(title) { svg viewBox=(VIEW) role="img" aria-labelledby=(format!("{id}-title")) {
                title #(format!("{id}-title")) { (title) }
                @for part in 0..=2_u64 {
                    @let value = top.saturating_mul(part).div_euclid(2);
                    @let y = height_of(top, top).saturating_sub(height_of(value, top)).saturating_add(6);
                    line.plot-grid x1="0" x2=(END) y1=(y) y2=(y) {}
                    text x=(END.saturating_add(6)) y=(y.saturating_add(5)) { (value) }
                }
                @for (place, column) in columns.iter().enumerate() { (bars(place, columns.len(), column, series, top)) }
            } }
            ul.legend {
                li.zone { (request.translate("plot-zone")) }
                @for one in series { li { i.(format!("key-{}", one.class)) {} (one.name) } }
            }
            details {
                summary { (request.translate("plot-table")) }
                div.scroll tabindex="0" role="group" aria-label=(title) { (table(request, series, columns)) }
            }
        }
    }
}

fn bars(place: usize, all: usize, column: &PlotColumn, series: &[PlotSeries], top: u64) -> Markup {
    let all = u64::try_from(all).unwrap_or(1).max(1);
    let place = u64::try_from(place).unwrap_or(0);
    // In tenths of a unit, so that narrow columns are evenly spaced.
    let tenths = END.saturating_mul(10);
    let x = tenths.saturating_mul(place).div_euclid(all);
    let slot = tenths.div_euclid(all);
    let wide = slot.saturating_mul(7).div_euclid(10).clamp(8, 320);
    let indent = slot.saturating_sub(wide).div_euclid(2);
    let every = usize::try_from(all).unwrap_or(1).div_ceil(LABELS).max(1);
    let is_labelled = usize::try_from(place).unwrap_or(0).checked_rem(every) == Some(0);
    let floor = height_of(top, top).saturating_add(6);
    let mut foot = floor;
    html! {
        @for (one, count) in series.iter().zip(&column.counts) {
            @let height = height_of(*count, top);
            @let y = { foot = foot.saturating_sub(height); foot };
            @if height > 0 {
                rect.(format!("bar-{}", one.class)) x=(decimal(x.saturating_add(indent))) y=(y) width=(decimal(wide))
                    height=(height) rx="2" {}
            }
        }
        @if is_labelled {
            text x=(decimal(x.saturating_add(slot.div_euclid(2)))) y=(HEIGHT.saturating_sub(4)) text-anchor="middle" {
                (column.label)
            }
        }
    }
}

/// Formats tenths as a number with one decimal.
fn decimal(tenths: u64) -> String {
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

/// Returns the height of a number; a number above zero is always visible.
fn height_of(count: u64, top: u64) -> u64 {
    let room = HEIGHT.saturating_sub(BOTTOM).saturating_sub(6);
    let height = room.saturating_mul(count).checked_div(top).unwrap_or(0);
    if count > 0 { height.max(2) } else { 0 }
}

/// Returns the next round, even number.
fn nice_top(most: u64) -> u64 {
    let mut step = 1_u64;
    while step.saturating_mul(10) < most {
        step = step.saturating_mul(10);
    }
    let rounds = [2, 4, 6, 8, 10].map(|it: u64| it.saturating_mul(step));
    rounds.into_iter().find(|it| *it >= most).unwrap_or(most)
}

fn table(request: &PageRequest, series: &[PlotSeries], columns: &[PlotColumn]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (request.translate("plot-when")) }
                @for one in series { th.count scope="col" { (one.name) } }
            } }
            tbody {
                @for column in columns {
                    tr {
                        th scope="row" { (column.label) }
                        @for count in &column.counts { td.count { (count) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_is_enough() {
        let tops = [0, 1, 2, 3, 9, 10, 11, 21, 99, 101, 4_321].map(nice_top);
        assert_eq!(tops, [2, 2, 2, 4, 10, 10, 20, 40, 100, 200, 6_000]);
    }

    #[test]
    fn what_is_there_is_seen_and_what_is_not_is_not() {
        assert_eq!(height_of(0, 1_000), 0);
        assert_eq!(height_of(1, 1_000_000), 2);
        assert_eq!(height_of(50, 100).saturating_mul(2), height_of(100, 100));
        assert_eq!((decimal(0), decimal(345)), ("0.0".into(), "34.5".into()));
    }
}
