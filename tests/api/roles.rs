//! Tests of the role `helpdesk`: who grants it, what it allows, and that nobody inherits it.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer};
use serde_json::{Value, json};

pub(super) fn path_for(user: UserId, what: &str) -> String {
    format!("/api/mfa/admin/users/{user}{what}")
}

pub(super) fn send(server: &TestServer, token: &str, path: &str, body: &Value) -> Answer {
    server.client().post(path).bearer(token).json(body).send()
}

/// Creates an administrator with an authenticator app.
pub(super) fn administrator(server: &TestServer, name: &str) -> Member {
    let id = server.add_user(name);
    server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {id}"));
    server.enrol_user(id)
}

/// Creates a member of the helpdesk with an authenticator app.
pub(super) fn helpdesk(server: &TestServer, name: &str) -> Member {
    let member = server.enrol(name);
    let granted = server.admin(&["user", "role", "helpdesk", "--user-id", &member.id.to_string()]);
    assert_eq!(granted.code, Some(0), "{granted:?}");
    member
}

pub(super) fn fresh(server: &TestServer, member: &Member) -> String {
    server.token(member.id, TokenKind::TwoFactors)
}

#[test]
fn an_administrator_grants_and_revokes_the_role_with_a_reason() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        let (token, path) = (fresh(&server, &root), path_for(ada.id, "/role"));
        let shown = || server.get(&path_for(ada.id, ""), &token).ok()["role"].clone();
        assert_eq!(shown(), "none");
        for bad in [
            json!({ "role": "helpdesk" }),
            json!({ "role": "admin", "reason": "x" }),
            json!({ "role": true, "reason": "x" }),
            json!({ "reason": "x" }),
        ] {
            send(&server, &token, &path, &bad).assert_problem(422, "invalid_field");
        }
        let grant = json!({ "role": "helpdesk", "reason": "joined support" });
        let granted = send(&server, &token, &path, &grant).ok();
        assert_eq!(granted, json!({ "user_id": ada.id.value(), "role": "helpdesk" }));
        assert_eq!(shown(), "helpdesk");
        assert_eq!(server.get(&path_for(root.id, ""), &token).ok()["role"], "admin");
        let newest = server.get(&format!("/api/mfa/admin/events?user_id={}&limit=1", ada.id), &token).ok();
        let newest = &newest["events"][0];
        assert_eq!(
            (&newest["event"], &newest["reason"]),
            (&json!("admin_role"), &json!("role=helpdesk: joined support"))
        );

        // The role reaches no farther than this: a member of the helpdesk grants none.
        send(&server, &fresh(&server, &ada), &path, &grant).assert_problem(403, "not_allowed");
        send(&server, &token, &path, &json!({ "role": "none", "reason": "left" })).ok();
        assert_eq!(shown(), "none");
        server.get("/api/mfa/admin/users", &fresh(&server, &ada)).assert_problem(403, "not_allowed");
        send(&server, &token, &path_for(UserId::new(4711), "/role"), &grant).assert_problem(404, "not_found");
        let shown = server.admin(&["user", "show", "--username", "ada"]);
        assert_eq!((shown.code, &shown.json["role"]), (Some(0), &json!("none")));
    }
}

#[test]
fn the_helpdesk_views_and_unlocks_users_without_a_role_and_nobody_else() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let (help, other) = (helpdesk(&server, "help"), helpdesk(&server, "other"));
        let ada = server.enrol("ada");
        let token = fresh(&server, &help);
        server.get("/api/mfa/admin/users", &token).ok();
        server.get("/api/mfa/admin/stats", &token).ok();
        assert_eq!(server.get(&path_for(ada.id, ""), &token).ok()["username"], "ada");
        server.get(&format!("/api/mfa/admin/events?user_id={}", ada.id), &token).ok();
        server.get("/api/mfa/admin/events", &token).assert_problem(403, "not_allowed");

        server.fail(&ada, 10);
        server.advance(1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
        let token = fresh(&server, &help);
        send(&server, &token, &path_for(ada.id, "/unlock"), &json!({})).ok();
        server.advance(1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();

        let denied = [
            ("/reset", json!({ "reason": "x" })),
            ("/enforce", json!({ "enforced": true, "reason": "x" })),
            ("/recovery/regenerate", json!({ "reason": "x" })),
            ("/authenticators/totp/remove", json!({ "reason": "x" })),
            ("/role", json!({ "role": "helpdesk", "reason": "x" })),
        ];
        for (what, body) in denied {
            send(&server, &token, &path_for(ada.id, what), &body).assert_problem(403, "not_allowed");
        }
        for user in [root.id, other.id, help.id] {
            server.get(&path_for(user, ""), &token).assert_problem(403, "not_allowed");
            server
                .get(&format!("/api/mfa/admin/events?user_id={user}"), &token)
                .assert_problem(403, "not_allowed");
            send(&server, &token, &path_for(user, "/unlock"), &json!({})).assert_problem(403, "not_allowed");
            send(&server, &token, &path_for(user, "/access-pass"), &json!({ "reason": "x" }))
                .assert_problem(403, "not_allowed");
        }
        server.get(&path_for(UserId::new(4711), ""), &token).assert_problem(404, "not_found");
        // Two factors, and a recent one for changes, as of administrators.
        let one = server.token(help.id, TokenKind::OneFactor);
        server.get("/api/mfa/admin/users", &one).assert_problem(403, "wrong_token_stage");
        server.advance(601);
        server.get("/api/mfa/admin/users", &token).ok();
        send(&server, &token, &path_for(ada.id, "/unlock"), &json!({}))
            .assert_problem(401, "step_up_required");
        send(&server, &token, &path_for(ada.id, "/access-pass"), &json!({ "reason": "x" }))
            .assert_problem(401, "step_up_required");
    }
}

#[test]
fn the_helpdesk_ends_no_final_lock_and_leaves_the_strikes() {
    for server in TestServer::each() {
        let (help, ada) = (helpdesk(&server, "help"), server.enrol("ada"));
        let unlock = || {
            let token = fresh(&server, &help);
            send(&server, &token, &path_for(ada.id, "/unlock"), &json!({}))
        };
        for _ in 0..9 {
            server.fail(&ada, 10);
            unlock().ok();
            server.advance(1);
        }
        assert_eq!(server.failures(ada.id), 0);
        // Ninety strikes are left, so ten more lock until an administrator unlocks.
        server.fail(&ada, 10);
        unlock().assert_problem(403, "not_allowed");
        let root = administrator(&server, "root");
        send(&server, &fresh(&server, &root), &path_for(ada.id, "/unlock"), &json!({})).ok();
        server.advance(1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn a_deleted_moved_or_erased_user_leaves_no_role_to_the_next_one() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let roles = || server.installation.number("SELECT count(*) FROM mfa_roles");
        let gone = helpdesk(&server, "gone").id;
        assert_eq!(roles(), 1);
        server.installation.sql(&format!("DELETE FROM users WHERE id = {gone}"));
        let insert = |id: UserId, name: &str| {
            server.installation.sql(&format!(
                "INSERT INTO users (id, email, username, hashed_password, is_active, is_superuser) \
                 VALUES ({id}, '{name}@example.com', '{name}', 'x', TRUE, FALSE)"
            ));
        };
        insert(gone, "again");
        assert_eq!(roles(), 0, "{}", server.name());
        let again = server.token(gone, TokenKind::TwoFactors);
        server.get("/api/mfa/admin/users", &again).assert_problem(403, "not_allowed");

        let moved = helpdesk(&server, "moved").id;
        server.installation.sql(&format!("UPDATE users SET id = 9000 WHERE id = {moved}"));
        assert_eq!(roles(), 0, "{}", server.name());

        let erased = helpdesk(&server, "erased").id;
        let erase = ["user", "erase", "--user-id", &erased.to_string(), "--yes"];
        assert_eq!(server.admin(&erase).code, Some(0));
        assert_eq!(roles(), 0, "{}", server.name());
        let shown = server.get(&path_for(erased, ""), &fresh(&server, &root)).ok();
        assert_eq!(shown["role"], "none");

        if server.name() == "SQLite" {
            // The row that takes its name replaces it without a DELETE trigger.
            let replaced = helpdesk(&server, "replaced").id;
            server.installation.sql(
                "INSERT OR REPLACE INTO users (id, email, username, hashed_password, is_active, is_superuser) \
                 VALUES (8000, 'replaced@example.com', 'replaced', 'x', TRUE, FALSE)",
            );
            insert(replaced, "later");
            let later = server.token(replaced, TokenKind::TwoFactors);
            server.get("/api/mfa/admin/users", &later).assert_problem(403, "not_allowed");
        } else {
            helpdesk(&server, "truncated");
            server.installation.sql("TRUNCATE users");
            assert_eq!(roles(), 0);
        }
    }
}

#[test]
fn a_saved_row_keeps_its_role() {
    for server in TestServer::each() {
        let help = helpdesk(&server, "help");
        server.installation.sql(&format!("UPDATE users SET full_name = 'Help Desk' WHERE id = {}", help.id));
        if server.name() == "SQLite" {
            server
                .installation
                .sql(&format!("INSERT OR REPLACE INTO users SELECT * FROM users WHERE id = {}", help.id));
        }
        server.get("/api/mfa/admin/users", &fresh(&server, &help)).ok();
    }
}
