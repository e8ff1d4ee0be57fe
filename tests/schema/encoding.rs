//! Tests of databases whose encoding cannot store every text.

use nova_mfa_tests::{Installation, PgDatabase};

#[test]
fn a_database_with_another_encoding_is_refused_by_name() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = PgDatabase::create_with(&format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"));
        let installation = Installation::postgres_at(database.url(), &[]);
        for command in [
            &["migrate", "up"][..],
            &["migrate", "status"],
            &["user", "list"],
            &["import", "nova-python", "--dry-run"],
        ] {
            let refused = installation.admin(command, "");
            assert_ne!(refused.code, Some(0), "{refused:?}");
            let text = format!("{refused:?}");
            assert!(text.contains(&format!("has the encoding {encoding}")), "{command:?}: {text}");
            assert!(text.contains("TEMPLATE template0"), "{command:?}: {text}");
        }
        let (code, text) = installation.admin_text(&["doctor"]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&format!("has the encoding {encoding}")), "{text}");
        assert!(text.contains("-> dump the database with pg_dump"), "{text}");
    }
}
