//! Cells of a CSV file that a spreadsheet must not run as formulas.
//!
//! A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@` (OWASP, CSV injection). A single quote in front makes
//! it text. Every import removes that quote, so a number such as `+33612345612` survives the round trip.

/// Characters that separate cells or lines in some spreadsheet, whatever separates them in the file: a French Excel splits
/// at `;` even within an unquoted cell.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// Returns the cell in a form that no spreadsheet runs as a formula.
pub fn defuse_cell(cell: &str) -> String {
    let mut defused = String::with_capacity(cell.len());
    for (piece, starts_cell) in pieces(cell) {
        if is_formula(piece, starts_cell) {
            defused.push('\'');
        }
        defused.push_str(piece);
    }
    defused
}

/// Returns the cell that [`defuse_cell`] was given.
pub fn restore_cell(cell: &str) -> String {
    let plain = |(piece, starts_cell)| match str::strip_prefix(piece, '\'') {
        Some(rest) if is_formula(rest, starts_cell) => rest,
        _ => piece,
    };
    pieces(cell).map(plain).collect()
}

/// Returns the parts that a spreadsheet may take for cells, each with the separator that ends it, and whether it is the
/// first.
fn pieces(cell: &str) -> impl Iterator<Item = (&str, bool)> {
    cell.split_inclusive(SEPARATORS).enumerate().map(|(number, piece)| (piece, number == 0))
}

/// Returns whether a spreadsheet may run the text, also if it ignores quotes and white space in front.
fn is_formula(text: &str, starts_cell: bool) -> bool {
    let text = text.trim_start_matches('\'');
    // OWASP also names cells that start with a tab or a line break.
    let starts_with_break = starts_cell && text.starts_with(['\t', '\r', '\n']);
    let is_ignored =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\'' | '\u{200b}' | '\u{feff}');
    let is_operator = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    starts_with_break || text.trim_start_matches(is_ignored).starts_with(is_operator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_a_quote_and_nothing_else_does() {
        for (cell, defused) in [
            ("=1+1", "'=1+1"),
            ("+33612345612", "'+33612345612"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\rx", "'\rx"),
            (" =1", "' =1"),
            ("'=1", "''=1"),
            ("＝1", "'＝1"),
            ("ada;=HYPERLINK(1)", "ada;'=HYPERLINK(1)"),
            ("ada@example.com", "ada@example.com"),
            ("a-b+c@example.com", "a-b+c@example.com"),
            ("'t Hooft", "'t Hooft"),
            ("otpauth://totp/NOVA:ada?secret=A&issuer=NOVA", "otpauth://totp/NOVA:ada?secret=A&issuer=NOVA"),
            ("", ""),
        ] {
            assert_eq!(defuse_cell(cell), defused, "{cell:?}");
            assert_eq!(restore_cell(defused), cell, "{defused:?}");
        }
    }

    #[test]
    fn a_cell_that_was_never_defused_is_read_as_it_is() {
        for cell in ["+33612345612", "=x", "'quoted'", "it's", "'"] {
            assert_eq!(restore_cell(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn every_cell_survives_the_round_trip(cell in "(?s)(['=+@ \t\r\n;-]{0,6}.{0,8}){0,3}") {
            prop_assert_eq!(restore_cell(&defuse_cell(&cell)), cell);
        }

        #[test]
        fn no_part_of_a_defused_cell_starts_with_an_operator(cell in "(?s)(['=+@ \t\r\n;-]{0,6}.{0,8}){0,3}") {
            let defused = defuse_cell(&cell);
            for separator in [None, Some(';'), Some('\t'), Some('\r'), Some('\n')] {
                for part in defused.split(|c| Some(c) == separator) {
                    prop_assert!(!part.trim_start().starts_with(['=', '+', '-', '@']), "{:?} in {:?}", part, defused);
                }
            }
            prop_assert!(!defused.starts_with(['\t', '\r', '\n']));
        }
    }
}
