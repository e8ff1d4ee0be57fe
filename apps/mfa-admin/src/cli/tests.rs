use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Cli::parse_args(&args)
}

#[track_caller]
fn usage_error(line: &str, kind: ErrorKind) -> String {
    let error = parse(line).expect_err(line);
    assert_eq!(error.kind(), kind, "{line}: {error}");
    assert_eq!(error.exit_code(), 2);
    error.to_string()
}

#[test]
fn the_command_definition_is_valid() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_of_the_contract_is_parsed() {
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
        "user reset --username bob --yes",
        "user set-password --username bob --password-stdin",
        "user password --username bob --password-stdin",
        "user role helpdesk --username bob",
        "user role none --user-id 7",
        "access-pass create --user-id 7 --reason phone",
        "access-pass create --email a@b.c --lifetime-minutes 480 --reason phone",
        "audit verify --username bob",
        "user superuser on --email a@b.c",
        "-C data user list",
        "completions bash",
        "audit verify --log a.log b.log.gz",
        "user enforce on --user-id 1",
        "user enforce off --email a@b.c",
        "user enforce on --phishing-resistant on --user-id 1",
        "token pending --user-id 1",
        "token access --user-id 1",
        "token access --user-id 1 --mfa-ok",
        "token revoke-all --user-id 1",
        "session list --username ada",
        "session revoke --user-id 1",
        "session revoke 9c56cc51b374c3ba189210d5b6d4bf57 --user-id 1",
        "audit verify",
        "audit verify --user-id 7 --log a.log --log b.log",
        "audit export --since 2026-11-25T08:00:00Z",
        "keys generate",
        "config show",
        "user erase --user-id 1",
        "recovery regenerate --user-id 1",
        "import nova-python --enrol-anew",
        "migrate down --yes --leave-sealed",
        "doctor",
    ] {
        assert!(parse(&format!("mfa-admin {line}")).is_ok(), "{line}");
        assert!(parse(&format!("mfa-admin {line} --json")).unwrap().global.json, "{line}");
        assert!(parse(&format!("mfa-admin --json {line}")).unwrap().global.json, "{line}");
    }
}

#[test]
fn a_user_is_selected_exactly_once() {
    usage_error("mfa-admin user show", ErrorKind::MissingRequiredArgument);
    usage_error("mfa-admin user show --user-id 1 --email a@b.c", ErrorKind::ArgumentConflict);
    usage_error("mfa-admin user show --user-id 0", ErrorKind::ValueValidation);
    usage_error("mfa-admin user show --email nobody", ErrorKind::ValueValidation);
    usage_error("mfa-admin token pending --email a@b.c --username a", ErrorKind::ArgumentConflict);
}

#[test]
fn a_password_comes_by_standard_input_alone() {
    usage_error("mfa-admin user create --email a@b.c --username a", ErrorKind::MissingRequiredArgument);
    for argument in ["--password hunter22", "--password-stdin=hunter22"] {
        let line = format!("mfa-admin user create --email a@b.c --username a {argument}");
        assert!(parse(&line).is_err(), "{line}");
    }
}

#[test]
fn migrate_down_requires_yes() {
    let message = usage_error("mfa-admin migrate down", ErrorKind::MissingRequiredArgument);
    assert!(message.contains("deletes all MFA data"), "{message}");
}

#[test]
fn a_page_has_at_most_a_thousand_users() {
    usage_error("mfa-admin user list --limit 0", ErrorKind::ValueValidation);
    usage_error("mfa-admin user list --limit 1001", ErrorKind::ValueValidation);
}

#[test]
fn the_json_flag_counts_only_before_the_end_of_options() {
    let has_flag = |line: &str| {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        has_json_flag(&args)
    };
    assert!(has_flag("mfa-admin user shwo --json"));
    assert!(!has_flag("mfa-admin user show -- --json"));
    assert!(!has_flag("--json user show"), "the first argument is the program name");
}

/// Verbs that a summary may begin with.
const VERBS: &[&str] = &[
    "Administer",
    "Apply",
    "Check",
    "Create",
    "Erase",
    "Export",
    "Generate",
    "Grant",
    "Import",
    "Issue",
    "List",
    "Manage",
    "Partition",
    "Print",
    "Re-encrypt",
    "Remove",
    "Rename",
    "Replace",
    "Require",
    "Revoke",
    "Set",
    "Show",
    "Unlock",
    "Verify",
];

/// The longest summary, in characters: it fits on one line of the command list.
const MAX_SUMMARY: usize = 60;

/// Idioms that help texts and messages avoid, in lower case.
const BANNED: &[&str] = &[
    "stands in",
    "stand in",
    "is a must",
    "says",
    "tells",
    "takes over",
    "taken over",
    "anew",
    "whoever",
    "hands ",
    "no longer good",
    "comes by",
    "looks at",
    "mend",
    "may go",
    "let in",
    "who has",
    "in force",
    "seals",
    "trail",
];

/// Returns a command and all commands below it, each with its full name.
fn all_commands(name: String, command: &clap::Command) -> Vec<(String, &clap::Command)> {
    let below =
        command.get_subcommands().flat_map(|it| all_commands(format!("{name} {}", it.get_name()), it));
    let below: Vec<_> = below.collect();
    std::iter::once((name, command)).chain(below).collect()
}

#[test]
fn every_summary_begins_with_a_verb_and_fits_on_a_line() {
    let mut root = Cli::command();
    root.build();
    for (name, command) in all_commands("mfa-admin".to_owned(), &root) {
        let summary = command.get_about().unwrap_or_else(|| panic!("{name} has no summary")).to_string();
        let verb = summary.split_whitespace().next().unwrap_or_default();
        assert!(VERBS.contains(&verb), "{name}: {summary:?} does not begin with a verb");
        assert!(summary.chars().count() <= MAX_SUMMARY, "{name}: {summary:?} is too long");
        assert!(!summary.ends_with('.') && !summary.contains('\n'), "{name}: {summary:?}");
    }
}

#[test]
fn no_help_text_contains_a_banned_idiom() {
    let mut root = Cli::command();
    root.build();
    for (name, command) in all_commands("mfa-admin".to_owned(), &root) {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name}: {} has no help", argument.get_id());
        }
        let help = command.clone().render_long_help().to_string();
        // The name of the flag is part of the contract.
        let help = help.to_lowercase().replace("--enrol-anew", "").replace('\n', " ");
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for idiom in BANNED {
            assert!(!help.contains(idiom), "{name}: {idiom:?} in {help}");
        }
    }
}

#[test]
fn a_password_in_the_arguments_is_not_repeated() {
    for words in [
        "user password --username alice Hunter2",
        "user password --username alice --password-stdin Hunter2",
        "user password --username alice --password Hunter2",
        "user password --username alice --password=Hunter2",
        "user password Hunter2 --username alice",
        "user create --username alice --email a@b.c Hunter2",
        "user password --username alice -Hunter2",
    ] {
        let args: Vec<_> = ["mfa-admin"].into_iter().chain(words.split(' ')).map(Into::into).collect();
        let error = Cli::parse_args(&args).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("read from standard input only") && !text.contains("unter2"),
            "{words}: {text}"
        );
        assert_eq!(error.exit_code(), 2);
    }
    let args = ["mfa-admin", "user", "password", "--usernam", "alice", "--password-stdin"].map(Into::into);
    assert!(Cli::parse_args(&args).unwrap_err().to_string().contains("--username"));
}

#[test]
fn a_user_is_not_reset_in_place_of_a_deletion() {
    for word in ["delete", "remove"] {
        let error =
            Cli::parse_args(&["mfa-admin", "user", word, "--user-id", "1"].map(Into::into)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("mfa-admin user erase") && !text.contains("reset"), "{text}");
    }
}
