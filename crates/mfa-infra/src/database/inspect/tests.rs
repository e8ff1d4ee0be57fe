use std::collections::BTreeMap;

use diesel::RunQueryDsl as _;

use super::*;
use crate::database::sqlite::connect::connect;

fn temporary_file() -> (tempfile::TempDir, std::path::PathBuf, DatabaseLocation) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a # b?.db");
    (folder, path.clone(), DatabaseLocation::Sqlite(path))
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_looking() {
    let (_folder, path, location) = temporary_file();
    let facts = location.examine().unwrap();
    assert!(facts.pending.len() >= 3, "{facts:?}");
    assert!(!path.exists());
}

#[test]
fn a_fresh_database_has_nothing_to_be_told() {
    let (_folder, _, location) = temporary_file();
    location.migrations().up().unwrap();
    assert_eq!(location.examine().unwrap(), DatabaseInspection::default());
}

#[test]
fn values_in_the_clear_are_counted_and_so_are_those_of_each_key() {
    let (_folder, path, location) = temporary_file();
    location.migrations().up().unwrap();
    let mut connection = connect(&path).unwrap();
    let further =
        r#"[{"kind":"totp","id":"b","secret":"v1.k3.x"},{"kind":"pending","added":{"secret":"v1.k3.y"}},7]"#;
    for (id, secret, number) in
        [(7, "'JBSWY3DPEHPK3PXP'", "'v1.k1.abc'"), (9, "'+33'", "NULL"), (10, "'v1.k2.x'", "'v1.k1.y'")]
    {
        diesel::sql_query(format!(
            "INSERT INTO users (id, email, username, hashed_password, totp_secret, phone_number, mfa_authenticators) \
             VALUES ({id}, 'u{id}@example.com', 'u{id}', 'x', {secret}, {number}, '{further}')"
        ))
        .execute(&mut connection)
        .unwrap();
    }
    let facts = location.examine().unwrap();
    assert_eq!(facts.unsealed, [PlaintextColumn { column: "totp_secret", rows: 2, first: 7 }]);
    // Each of the three users has a further app and one that is being added.
    let expected = [("k1".to_owned(), 2), ("k2".to_owned(), 1), ("k3".to_owned(), 6)];
    assert_eq!(facts.sealed_by, BTreeMap::from(expected));
}

#[test]
fn a_file_that_others_may_read_or_that_is_no_database_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path, location) = temporary_file();
    location.migrations().up().unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(location.examine().unwrap().open_to_others, Some(0o644));
    std::fs::write(&path, "no database at all, and longer than a header of one hundred bytes".repeat(9))
        .unwrap();
    assert!(location.examine().is_err());
}
