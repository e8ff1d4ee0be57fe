//! Actor of audit events: the operating-system user that runs the command.
//!
//! `USER` and `LOGNAME` can be set by the caller. The real user id comes from the kernel, and stays the caller's even if
//! a set-user-id program starts this one.

use std::fs;

/// Value of `loginuid` for a process without a login, such as a service or a container.
const NO_LOGIN: u32 = u32::MAX;

/// Returns the actor of this process, as audit events record it.
pub(crate) fn current() -> String {
    let text_of = |path| fs::read_to_string(path).unwrap_or_default();
    let real = real_uid(&text_of("/proc/self/status"));
    let login = text_of("/proc/self/loginuid").trim().parse().ok().filter(|uid| *uid != NO_LOGIN);
    describe(real, login, &text_of("/etc/passwd"))
}

/// Formats an actor: `os:alice`; `os:root (login alice)` after `sudo`; `os:uid:1000` for a user id without a name;
/// `os:unknown` without `/proc`.
///
/// The login user is added to the real one and never replaces it: a process without a login can set its own `loginuid`.
fn describe(real: Option<u32>, login: Option<u32>, passwd: &str) -> String {
    let name = |uid: u32| user_name(passwd, uid).unwrap_or_else(|| format!("uid:{uid}"));
    match (real, login) {
        (None, _) => "os:unknown".to_owned(),
        (Some(real), Some(login)) if login != real => format!("os:{} (login {})", name(real), name(login)),
        (Some(real), _) => format!("os:{}", name(real)),
    }
}

/// Returns the first number of the line `Uid:` (`proc_pid_status(5)`).
fn real_uid(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().next()?.parse().ok()
}

/// Returns the first name of this user id (`passwd(5)`).
fn user_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          # no user\n\
                          :x:7::::\n\
                          alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n\
                          alias:x:1000:1000::/:/bin/sh\n\
                          broken:x:many\n\
                          nova:x:33:33::/:/usr/sbin/nologin";

    #[test]
    fn the_real_user_is_the_first_of_the_four() {
        let status = "Name:\tmfa-admin\nPPid:\t1\nUid:\t1000\t0\t0\t0\nGid:\t1000\t0\t0\t0\n";
        assert_eq!(real_uid(status), Some(1000));
        assert_eq!(real_uid(""), None);
    }

    #[test]
    fn a_user_has_the_name_of_the_system() {
        assert_eq!(describe(Some(1000), None, PASSWD), "os:alice");
        assert_eq!(describe(Some(33), Some(33), PASSWD), "os:nova");
    }

    #[test]
    fn the_login_user_is_added_to_root() {
        assert_eq!(describe(Some(0), Some(1000), PASSWD), "os:root (login alice)");
    }

    #[test]
    fn a_forged_login_user_does_not_hide_the_real_user() {
        assert!(describe(Some(33), Some(0), PASSWD).starts_with("os:nova "));
    }

    #[test]
    fn a_user_without_a_name_has_its_id() {
        assert_eq!(describe(Some(7), None, PASSWD), "os:uid:7");
        assert_eq!(describe(Some(1000), None, ""), "os:uid:1000");
        assert_eq!(describe(None, Some(1000), PASSWD), "os:unknown");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_a_user() {
        assert_ne!(current(), "os:unknown");
    }
}
