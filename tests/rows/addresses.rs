//! Tests of e-mail addresses in another case, and of blanks around what was typed.

use mfa_core::{AddressMatch, AddressOwner, UserId};
use nova_mfa_tests::{Installation, TestServer, TestStore, on_every_adapter};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

#[test]
fn an_address_is_found_in_any_case_and_the_exact_one_wins() {
    for store in TestStore::each() {
        let name = store.name;
        let find = |login: &str| {
            store.runtime.block_on(store.database.find_credentials(login)).unwrap().map(|it| it.user)
        };
        let by_email = |email: &str| store.runtime.block_on(store.database.find_by_email(email)).unwrap();
        let ada = store.add_user("ada");
        store.sql("UPDATE users SET email = 'Ada.Lovelace@Example.COM'");
        for typed in ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "Ada.Lovelace@Example.COM"] {
            assert_eq!(find(typed), Some(ada), "{name} {typed}");
            assert_eq!(by_email(typed).one().map(|it| it.user), Some(ada), "{name} {typed}");
        }
        assert_eq!(find("ADA"), None, "{name}: user names have a case");
        let (one, two) = (store.add_user("one"), store.add_user("two"));
        store.sql(
            "UPDATE users SET email = 'Zoé@x.fr' WHERE username = 'one'; \
             UPDATE users SET email = 'ZOÉ@x.fr' WHERE username = 'two'",
        );
        assert_eq!((find("Zoé@x.fr"), find("ZOÉ@x.fr")), (Some(one), Some(two)), "{name}");
        assert_eq!(find("zoé@x.fr"), None, "{name}: two fit");
        let owner = |user: UserId, email: &str| AddressOwner { user, email: email.to_owned() };
        assert_eq!(
            by_email("zoé@X.fr"),
            AddressMatch::Several(vec![owner(one, "Zoé@x.fr"), owner(two, "ZOÉ@x.fr")]),
            "{name}"
        );
        assert_eq!(by_email("nobody@x.fr"), AddressMatch::None, "{name}");
    }
}

#[test]
fn accents_are_found_in_any_case_and_in_both_forms_of_unicode() {
    for store in TestStore::each() {
        let name = store.name;
        let find = |login: &str| {
            store.runtime.block_on(store.database.find_credentials(login)).unwrap().map(|it| it.user)
        };
        let user = store.add_user("ada");
        for stored in ["Éloïse@x.fr", "éloïse@x.fr", "ÉLOÏSE@X.FR", "E\u{301}loi\u{308}se@x.fr"] {
            store.sql(&format!("UPDATE users SET email = '{stored}'"));
            for typed in [
                "Éloïse@x.fr",
                "éloïse@x.fr",
                "ÉLOÏSE@x.fr",
                "e\u{301}loi\u{308}se@x.fr",
                "E\u{301}LOI\u{308}SE@x.fr",
            ] {
                assert_eq!(find(typed), Some(user), "{name}: {stored} {typed}");
            }
            assert_eq!(find("eloise@x.fr"), None, "{name}: accents count");
        }
        for stored in ["Zoé", "Zoe\u{301}"] {
            store.sql(&format!("UPDATE users SET username = '{stored}'"));
            assert_eq!((find("Zoé"), find("Zoe\u{301}")), (Some(user), Some(user)), "{name}: {stored}");
            assert_eq!((find("ZOÉ"), find("Zoe")), (None, None), "{name}: user names have a case");
        }
    }
}

#[test]
fn an_address_with_accents_in_another_case_is_taken_and_doctor_lists_those_that_exist() {
    for server in TestServer::each() {
        let name = server.name();
        let create = |email: &str, username: &str| {
            let words = ["user", "create", "--email", email, "--username", username, "--password-stdin"];
            server.installation.admin(&words, PASSWORD).code
        };
        assert_eq!(create("zoé@exemple.fr", "zoe"), Some(0), "{name}");
        for taken in ["ZOÉ@EXEMPLE.FR", "Zoé@exemple.fr", "zoe\u{301}@exemple.fr"] {
            assert_eq!(create(taken, "zoe2"), Some(1), "{name} {taken}");
        }
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        server.installation.sql(&format!(
            "UPDATE users SET email = 'Élo@x.fr' WHERE id = {ada}; UPDATE users SET email = 'éLO@x.fr' WHERE id = {bob}"
        ));
        let (_, text) = server.installation.admin_text(&["doctor"]);
        assert!(
            text.contains(&format!("can log in only with the exact one: users {ada}, {bob}")),
            "{name}: {text}"
        );
    }
}

#[test]
fn doctor_names_users_whose_names_have_blanks_around_them() {
    for server in TestServer::each() {
        server.add_user("ada");
        let bob = server.add_user("bob");
        assert!(
            !server.installation.admin_text(&["doctor"]).1.contains("blanks around"),
            "{}",
            server.name()
        );
        for blank in ["bob ", " bob", "bob\t", "\u{a0}bob"] {
            server.installation.sql(&format!("UPDATE users SET username = '{blank}' WHERE id = {bob}"));
            let (_, text) = server.installation.admin_text(&["doctor"]);
            let expected = format!(
                "1 users have a user name or an email address with blanks around it, and cannot log in with it (first user: {bob})"
            );
            assert!(text.contains(&expected), "{} {blank:?}: {text}", server.name());
        }
    }
}

/// The statement that doctor prints is the cure, whatever surrounds the name.
#[test]
fn doctor_prints_the_statement_that_removes_the_blanks() {
    for server in TestServer::each() {
        server.add_user("ada");
        let bob = server.add_user("bob");
        for blank in ["\u{200b}bob", "bob\u{feff}", "\u{3000}bob\t ", "bob\u{202f}"] {
            server.installation.sql(&format!("UPDATE users SET username = '{blank}' WHERE id = {bob}"));
            let findings = server.admin(&["doctor"]).json["findings"].clone();
            let mut remedies = findings.as_array().unwrap().iter().filter_map(|it| it["remedy"].as_str());
            let statement = remedies.find_map(|it| it.strip_prefix("remove the blanks by SQL: "));
            server.installation.sql(statement.unwrap());
            let (_, text) = server.installation.admin_text(&["doctor"]);
            assert!(!text.contains("blanks around"), "{} {blank:?}: {text}", server.name());
            let shown = server.admin(&["user", "show", "--user-id", &bob.to_string()]);
            assert_eq!(shown.code, Some(0), "{shown:?}");
        }
    }
}

#[test]
fn an_address_in_another_case_is_taken() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            nova_mfa_tests::add_user(users.as_ref(), "ada").await;
            let again = mfa_core::NewUser {
                email: "ADA@Example.com".into(),
                username: "lovelace".into(),
                full_name: None,
                digest: mfa_core::PasswordDigest::from_column("test:x".into()),
                is_superuser: false,
                mfa_enforced: false,
                created_at: nova_mfa_tests::NOON,
            };
            let taken = users.insert(again).await;
            assert!(matches!(taken, Err(mfa_core::NewUserError::Taken)), "{name}: {taken:?}");
        });
    });
}

#[test]
fn a_login_ignores_the_case_of_an_address_and_blanks_around_it() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        for typed in
            ["ADA@EXAMPLE.COM", " ada@example.com", "Ada@Example.com\u{a0}", "\tada\n", "\u{202f}ada\u{200e}"]
        {
            server.login(typed, PASSWORD).send().ok();
        }
        server.login(" \u{a0} ", PASSWORD).send().assert_problem(422, "invalid_field");

        server.installation.sql(
            "INSERT INTO users (email, username, hashed_password) \
             SELECT 'ADA@example.com', 'twin', hashed_password FROM users WHERE username = 'ada'",
        );
        server.login("ada@example.com", PASSWORD).send().ok();
        server.login("ADA@example.com", PASSWORD).send().ok();
        server.login("Ada@Example.com", PASSWORD).send().assert_problem(401, "invalid_credentials");
    }
}

#[test]
fn the_command_line_names_the_users_of_an_ambiguous_address() {
    for server in TestServer::each() {
        let name = server.name();
        let (ada, twin) = (server.add_user("ada"), server.add_user("twin"));
        let show = |email: &str| server.admin(&["user", "show", "--email", email]);
        assert_eq!(show(" Ada@EXAMPLE.com ").json["user_id"], json!(ada), "{name}");
        server.installation.sql("UPDATE users SET email = 'ADA@example.com' WHERE username = 'twin'");
        let refused = show("Ada@Example.com");
        assert_eq!(
            (refused.code, &refused.json["error"]["code"]),
            (Some(1), &json!("ambiguous_user")),
            "{refused:?}"
        );
        for candidate in [format!("{ada} (ada@example.com)"), format!("{twin} (ADA@example.com)")] {
            assert!(refused.stderr.contains(&candidate), "{name}: {refused:?}");
        }
        assert_eq!(show("ADA@example.com").json["user_id"], json!(twin), "{name}");

        let row = json!({ "email": "Ada@Example.com", "otpauth_uri":
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
        std::fs::write(server.installation.folder().join("in.jsonl"), row.to_string()).unwrap();
        let imported = server.admin(&["import", "otpauth", "in.jsonl", "--create-users"]);
        assert_eq!(imported.json["rows"][0]["code"], "ambiguous_user", "{imported:?}");

        let doctor = server.admin(&["doctor"]);
        assert_eq!(doctor.code, Some(0), "a warning: {doctor:?}");
        assert!(doctor.json.to_string().contains(&format!("users {ada}, {twin}")), "{doctor:?}");
    }
}

#[test]
fn an_import_finds_and_creates_one_user_for_all_cases_of_an_address() {
    for server in TestServer::each() {
        let name = server.name();
        server.add_user("ada");
        let row = |email: &str| {
            json!({ "email": email, "otpauth_uri": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" })
                .to_string()
        };
        let file =
            [row("ADA@Example.com"), row("New@example.com"), row("new@EXAMPLE.com"), row("ada@example.com")];
        std::fs::write(server.installation.folder().join("in.jsonl"), file.join("\n")).unwrap();
        let imported = server.admin(&["import", "otpauth", "in.jsonl", "--create-users"]);
        let outcomes: Vec<_> = imported.json["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["outcome"].as_str().unwrap())
            .collect();
        assert_eq!(outcomes, ["imported", "created", "refused", "refused"], "{name}: {imported:?}");
        assert_eq!(server.installation.number("SELECT count(*) FROM users"), 2, "{name}");
    }
}

#[test]
fn columns_of_the_type_citext_work() {
    let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
    installation.sql(
        "CREATE EXTENSION citext; CREATE TABLE users (id SERIAL PRIMARY KEY, email CITEXT NOT NULL UNIQUE, \
         username CITEXT NOT NULL UNIQUE, hashed_password TEXT, full_name CITEXT, is_active BOOLEAN, \
         is_superuser BOOLEAN, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ)",
    );
    let server = TestServer::start(installation);
    let ada = server.add_user_with_password("ada", PASSWORD);
    for typed in ["ada", "ADA", "ada@example.com", "Ada@EXAMPLE.com"] {
        server.login(typed, PASSWORD).send().ok();
    }
    let shown = server.admin(&["user", "show", "--email", "ADA@example.com"]);
    assert_eq!(shown.json["user_id"], json!(ada), "{shown:?}");
    let listed = server.admin(&["user", "list", "--query", " LOVE"]);
    assert_eq!(listed.json["users"], json!([]), "{listed:?}");
    let listed = server.admin(&["user", "list", "--query", " ADA "]);
    assert_eq!(listed.json["users"][0]["user_id"], json!(ada), "{listed:?}");
    let row = json!({ "email": "ADA@example.com", "username": "ada", "otpauth_uri":
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
    std::fs::write(server.installation.folder().join("in.jsonl"), row.to_string()).unwrap();
    let imported = server.admin(&["import", "otpauth", "in.jsonl"]);
    assert_eq!((imported.code, &imported.json["imported"]), (Some(0), &json!(1)), "{imported:?}");
    assert_eq!(server.admin(&["doctor"]).code, Some(0));
}
