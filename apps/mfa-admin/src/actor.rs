//! Who runs the command: the user that the operating system knows, not one that the environment names.
//!
//! `USER` and `LOGNAME` are whatever the caller says. The real user id of the process is the kernel's word, also
//! where the program is reached through a set-user-id one.

use std::fs;

/// What `loginuid` holds where nobody has logged in: a service, a container.
const NOBODY_LOGGED_IN: u32 = u32::MAX;

/// The user of this process, as the audit trail names it.
pub(crate) fn of_process() -> String {
    let text_of = |path| fs::read_to_string(path).unwrap_or_default();
    let real = real_uid(&text_of("/proc/self/status"));
    let login = text_of("/proc/self/loginuid").trim().parse().ok().filter(|uid| *uid != NOBODY_LOGGED_IN);
    describe(real, login, &text_of("/etc/passwd"))
}

/// `os:alice`; `os:root (login alice)` for root whom alice became by `sudo`; `os:uid:1000` for who has no name;
/// `os:unknown` where the system has no `/proc`.
///
/// The login's user stands beside the real one and never in its place: a process outside every login may choose it.
fn describe(real: Option<u32>, login: Option<u32>, passwd: &str) -> String {
    let name = |uid: u32| name_of(passwd, uid).unwrap_or_else(|| format!("uid:{uid}"));
    match (real, login) {
        (None, _) => "os:unknown".to_owned(),
        (Some(real), Some(login)) if login != real => format!("os:{} (login {})", name(real), name(login)),
        (Some(real), _) => format!("os:{}", name(real)),
    }
}

/// The first number of the line `Uid:` (`proc_pid_status(5)`).
fn real_uid(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().next()?.parse().ok()
}

/// The first name of that id (`passwd(5)`).
fn name_of(passwd: &str, uid: u32) -> Option<String> {
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
    fn a_user_is_named_as_the_system_names_it() {
        assert_eq!(describe(Some(1000), None, PASSWD), "os:alice");
        assert_eq!(describe(Some(33), Some(33), PASSWD), "os:nova");
    }

    #[test]
    fn who_became_root_is_named_beside_it() {
        assert_eq!(describe(Some(0), Some(1000), PASSWD), "os:root (login alice)");
    }

    #[test]
    fn a_chosen_login_does_not_hide_the_real_user() {
        assert!(describe(Some(33), Some(0), PASSWD).starts_with("os:nova "));
    }

    #[test]
    fn who_has_no_name_is_told_by_number() {
        assert_eq!(describe(Some(7), None, PASSWD), "os:uid:7");
        assert_eq!(describe(Some(1000), None, ""), "os:uid:1000");
        assert_eq!(describe(None, Some(1000), PASSWD), "os:unknown");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_a_user() {
        assert_ne!(of_process(), "os:unknown");
    }
}
