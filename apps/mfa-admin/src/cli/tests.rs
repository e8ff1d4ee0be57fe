use super::*;

fn read(line: &str) -> Result<Cli, clap::Error> {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Cli::read(&words)
}

#[track_caller]
fn refused(line: &str, kind: ErrorKind) -> String {
    let error = read(line).expect_err(line);
    assert_eq!(error.kind(), kind, "{line}: {error}");
    assert_eq!(error.exit_code(), 2);
    error.to_string()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_of_the_contract_is_understood() {
    for line in [
        "migrate up",
        "migrate down --yes",
        "migrate status",
        "keys status",
        "keys rotate --reason yearly",
        "import otpauth secrets.csv",
        "import otpauth secrets.jsonl --create-users --dry-run",
        "import nova-python",
        "import nova-python --map map.toml --dry-run",
        "export otpauth secrets.csv",
        "user create --email a@b.c --username a --password-stdin",
        "user create --email a@b.c --username a --full-name N --superuser --enforce --password-stdin",
        "user show --user-id 1",
        "user show --email a@b.c",
        "user list",
        "user list --query bob --limit 10 --after 7",
        "user unlock --user-id 1",
        "user reset --email a@b.c --reason lost",
        "user enforce on --user-id 1",
        "user enforce off --email a@b.c",
        "token pending --user-id 1",
        "token access --user-id 1",
        "token access --user-id 1 --mfa-ok",
        "token revoke-all --user-id 1",
        "audit verify",
        "audit verify --user-id 7 --log a.log --log b.log",
        "audit export --since 2026-11-25T08:00:00Z",
        "keys generate",
        "config show",
    ] {
        assert!(read(&format!("mfa-admin {line}")).is_ok(), "{line}");
        assert!(read(&format!("mfa-admin {line} --json")).unwrap().manner.json, "{line}");
        assert!(read(&format!("mfa-admin --json {line}")).unwrap().manner.json, "{line}");
    }
}

#[test]
fn a_user_is_named_once() {
    refused("mfa-admin user show", ErrorKind::MissingRequiredArgument);
    refused("mfa-admin user show --user-id 1 --email a@b.c", ErrorKind::ArgumentConflict);
    refused("mfa-admin user show --user-id 0", ErrorKind::ValueValidation);
    refused("mfa-admin user show --email nobody", ErrorKind::ValueValidation);
    refused("mfa-admin token pending --email a@b.c", ErrorKind::UnknownArgument);
}

#[test]
fn a_password_comes_by_standard_input_alone() {
    refused("mfa-admin user create --email a@b.c --username a", ErrorKind::MissingRequiredArgument);
    for argument in ["--password hunter22", "--password-stdin=hunter22"] {
        let line = format!("mfa-admin user create --email a@b.c --username a {argument}");
        assert!(read(&line).is_err(), "{line}");
    }
}

#[test]
fn the_schema_is_taken_down_only_by_who_says_yes() {
    let sentence = refused("mfa-admin migrate down", ErrorKind::MissingRequiredArgument);
    assert!(sentence.contains("destroys all MFA data"), "{sentence}");
}

#[test]
fn a_page_is_of_a_thousand_users_at_most() {
    refused("mfa-admin user list --limit 0", ErrorKind::ValueValidation);
    refused("mfa-admin user list --limit 1001", ErrorKind::ValueValidation);
}

#[test]
fn json_is_asked_for_before_the_end_of_options_only() {
    let asks = |line: &str| {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        asks_for_json(&words)
    };
    assert!(asks("mfa-admin user shwo --json"));
    assert!(!asks("mfa-admin user show -- --json"));
    assert!(!asks("--json user show"), "the first word is the program's name");
}
