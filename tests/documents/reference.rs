//! Tests of the reference: every setting, event, command and column is listed, and no other.

use std::collections::BTreeSet;
use std::process::Command;

use diesel::RunQueryDsl as _;
use diesel::sql_types::Text;
use mfa_core::{EventKind, SecretText};
use mfa_infra::database::DatabaseLocation;
use nova_mfa_tests::{PgDatabase, admin_binary};

use super::deployment;
use super::markdown::{Document, root};

fn reference() -> Document {
    Document::read("docs/reference.md")
}

/// Returns the first cells of the tables under this heading.
fn listed(anchor: &str) -> BTreeSet<String> {
    reference().first_cells_under(anchor).into_iter().collect()
}

#[test]
fn every_setting_is_listed_with_its_default() {
    let listed = listed("settings");
    assert_eq!(listed, deployment::settings());
    let text = reference().text;
    let example = std::fs::read_to_string(root().join(".env.example")).unwrap();
    for (name, default) in example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('=')) {
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        assert!(
            name.contains(' ') || text.contains(&format!("| `{name}` | {default} |")),
            "{name}: {default}"
        );
    }
}

#[test]
fn every_event_is_listed() {
    let kinds: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(listed("events"), kinds);
}

#[test]
fn every_command_is_listed() {
    let commands: BTreeSet<_> = commands(&[]).into_iter().map(|words| words.join(" ")).collect();
    assert!(commands.contains("user unlock"), "{commands:?}");
    let listed: BTreeSet<_> = listed("commands")
        .into_iter()
        .map(|cell| {
            let words = cell.strip_prefix("mfa-admin ").unwrap_or_else(|| panic!("{cell}")).split(' ');
            words
                .take_while(|it| it.starts_with(|c: char| c.is_ascii_lowercase()))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(listed, commands);
}

/// Returns the subcommands of a command, as listed in its help.
fn commands(above: &[String]) -> Vec<Vec<String>> {
    let output = Command::new(admin_binary()).args(above).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return vec![above.to_vec()] };
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        let indented = line.strip_prefix("  ").filter(|it| !it.starts_with(' '))?;
        indented.split(' ').next().filter(|it| *it != "help")
    });
    names.flat_map(|name| commands(&[above, &[name.to_owned()]].concat())).collect()
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
}

#[test]
fn every_table_and_column_is_listed() {
    let database = PgDatabase::create();
    DatabaseLocation::Postgres(SecretText::new(database.url().to_owned())).migrations().up().unwrap();
    let query = "SELECT table_name || '.' || column_name AS place FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
                 AND NOT (table_name = 'users' AND column_name IN ('id', 'email', 'username', 'hashed_password', \
                 'full_name', 'is_active', 'is_superuser', 'created_at', 'updated_at'))";
    let rows: Vec<Column> = diesel::sql_query(query).load(&mut database.connect()).unwrap();
    let there: BTreeSet<_> = rows.into_iter().map(|row| row.place).collect();
    let reference = reference();
    let tables = reference.headings.iter().filter(|it| it.text.starts_with("mfa_") || it.text == "users");
    let listed = tables.flat_map(|table| {
        let cells = reference.first_cells_under(&table.anchor);
        let columns = cells.iter().flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>());
        let place = |column: String| {
            if column.contains('.') { column } else { format!("{}.{column}", table.text) }
        };
        columns.map(place).collect::<Vec<_>>()
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), there);
}
