//! Tests of secrets in files that every user of the machine can access.

use super::*;

const EVERY_FILE: [(&str, &str); 3] = [
    (".env", "HOOK_SECRET=hunter2hunter2hunter2hunter2"),
    ("config/default.toml", "redis_url = \"redis://:hunter2@redis\""),
    ("config/production.toml", "database_url = \"postgresql://nova:hunter2@db/nova\""),
];

/// A production installation whose JWT secret is in the file `key`.
fn with_key_file(mode: u32) -> Fixture {
    let fixture = Fixture::production().unset("JWT_SECRET_KEY").set("JWT_SECRET_KEY_FILE", "key");
    fixture.file("key", SECRET).mode("key", mode)
}

#[test]
fn production_refuses_a_secret_file_that_every_user_can_read_or_change() {
    for mode in [0o400, 0o600, 0o440, 0o640, 0o660, 0o750, 0o641] {
        with_key_file(mode).load().unwrap_or_else(|error| panic!("{mode:o}: {error}"));
    }
    for mode in [0o644, 0o444, 0o604, 0o602, 0o666, 0o777] {
        let fixture = with_key_file(mode);
        let path = fixture.dir.path().join("key");
        assert_eq!(
            fixture.error(),
            format!(
                "JWT_SECRET_KEY_FILE is {0}, a secret that every user can access (mode {mode:04o}); production refuses \
                 this: run chmod o-rwx {0} (a secret mounted in a container: set its mode to 0400 or 0440, in Kubernetes \
                 with defaultMode and fsGroup), and let the user of the server read it",
                path.display()
            )
        );
        assert!(
            with_key_file(mode).set("MFA_ENV", "staging").file("config/staging.toml", "").load().is_err()
        );
    }
}

#[test]
fn development_names_each_file_and_goes_on() {
    let fixture =
        with_key_file(0o644).set("MFA_ENV", "development").file(".env", "HOOK_SECRET=hunter2hunter2hunter2");
    let fixture = fixture.mode(".env", 0o644);
    let settings = fixture.load().unwrap();
    let details: Vec<_> = settings.exposed_files().iter().map(super::super::ExposedFile::detail).collect();
    let folder = fixture.dir.path().display();
    let exposed = "a secret that every user can access (mode 0644)";
    assert_eq!(
        details,
        [
            format!(".env is {folder}/.env, {exposed}"),
            format!("JWT_SECRET_KEY_FILE is {folder}/key, {exposed}")
        ]
    );
    assert_eq!(with_key_file(0o640).load().unwrap().exposed_files(), []);
}

#[test]
fn a_file_of_settings_is_a_secret_if_it_contains_one() {
    for (path, text) in EVERY_FILE {
        let fixture = Fixture::production().file(path, text);
        fixture.load().unwrap_or_else(|error| panic!("{path}: {error}"));
        let error = fixture.mode(path, 0o644).error();
        assert!(error.starts_with(&format!("{path} is ")), "{error}");
    }
    for text in [
        "MFA_ISSUER=NOVA",
        "DATABASE_URL=postgresql://nova@db/nova",
        "JWT_SECRET_KEY=",
        "DATABASE_URL_FILE=",
        "OTHER=x",
    ] {
        let fixture = Fixture::production().file(".env", text).mode(".env", 0o644);
        fixture.load().unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn all_files_are_named_at_once_and_the_command_is_quoted() {
    let fixture = with_key_file(0o644).unset("MFA_ENCRYPTION_KEYS").set("MFA_ENCRYPTION_KEYS_FILE", "it's");
    let error = fixture.file("it's", &format!("k1:{KEY}")).mode("it's", 0o604).error();
    assert!(error.contains(", as is MFA_ENCRYPTION_KEYS_FILE "), "{error}");
    assert!(error.contains(r"/it'\''s' "), "{error}");
}

#[test]
fn the_mode_is_that_of_the_file_behind_a_link_and_a_pipe_is_no_file() {
    // As Kubernetes mounts secrets: the name is a link through `..data`, whose own mode is 0777.
    let fixture = with_key_file(0o400);
    let folder = fixture.dir.path();
    fs::create_dir(folder.join("..v1")).unwrap();
    fs::rename(folder.join("key"), folder.join("..v1/key")).unwrap();
    std::os::unix::fs::symlink("..v1", folder.join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/key", folder.join("key")).unwrap();
    fixture.load().unwrap();
    assert!(fixture.mode("..v1/key", 0o644).error().starts_with("JWT_SECRET_KEY_FILE is "));
    assert_eq!(super::super::ExposedFile::find("JWT_SECRET_KEY_FILE", "/dev/null".as_ref()), None);
}

#[test]
fn production_refuses_a_tls_key_that_every_user_can_read_but_not_a_certificate() {
    let fixture = Fixture::production().set("TLS_CERT", "cert.pem").set("TLS_KEY", "key.pem");
    let fixture =
        fixture.file("cert.pem", "").mode("cert.pem", 0o644).file("key.pem", "").mode("key.pem", 0o640);
    fixture.load().unwrap();
    let fixture = fixture.mode("key.pem", 0o644);
    assert!(fixture.error().starts_with("TLS_KEY is "));
    let trial = fixture.set("MFA_ENV", "development").load().unwrap();
    assert_eq!(trial.exposed_files().len(), 1);
}
