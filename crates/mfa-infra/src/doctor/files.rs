//! Check of the files that the server writes: log, database, outbox of SMS.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, access};

use super::finding::DoctorFinding;
use crate::settings::{DatabaseUrl, Settings, SmsProvider};
use crate::telemetry::LogTarget;

const PART: &str = "files";

/// Checks that the files, or the folders in which they will be created, can be written. Creates nothing.
pub(super) fn check(settings: &Settings) -> Vec<DoctorFinding> {
    let mut paths: Vec<(&str, &Path)> = Vec::new();
    if let LogTarget::File(path) = &settings.log.target {
        paths.push(("MFA_LOG_FILE", path));
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        paths.push(("DATABASE_URL", path));
    }
    for provider in &settings.sms.providers {
        if let SmsProvider::Outbox(path) = provider {
            paths.push(("MFA_SMS_OUTBOX", path));
        }
    }
    paths.into_iter().filter_map(|(setting, path)| examine(setting, path)).collect()
}

fn examine(setting: &str, path: &Path) -> Option<DoctorFinding> {
    let shown = path.display();
    if path.is_dir() {
        let detail = format!("{setting} is {shown}, which is a folder");
        return Some(DoctorFinding::problem(PART, detail, "add the name of a file to it"));
    }
    match access(path, Access::WRITE_OK) {
        Ok(()) => another_owner(path).map(|detail| {
            let remedy = format!("run chown --reference={} {shown} as root", folder_of(path).display());
            DoctorFinding::warning(PART, format!("{setting} is {shown}, {detail}"), remedy)
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path
                .ancestors()
                .skip(1)
                .map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
            let folder = folder.into_iter().find(|it| it.exists())?;
            let error = access(folder, Access::WRITE_OK | Access::EXEC_OK).err()?;
            Some(DoctorFinding::problem(
                PART,
                format!("{setting} is {shown}, which cannot be created in {} ({error})", folder.display()),
                "give the user of the service write access to this folder",
            ))
        }
        Err(error) => Some(DoctorFinding::problem(
            PART,
            format!("{setting} is {shown}, which this user cannot write ({error})"),
            "run this command as the user of the service; if it fails then too, give that user the file (chown)",
        )),
    }
}

/// Returns what is wrong if the file belongs to another user than its folder, and that user cannot write it: root can
/// write every file and would not notice.
fn another_owner(path: &Path) -> Option<String> {
    /// Write access of the group, and of others.
    const SHARED: u32 = 0o022;
    let (file, folder) = (fs::metadata(path).ok()?, fs::metadata(folder_of(path)).ok()?);
    let is_private = file.mode() & SHARED == 0;
    (file.uid() != folder.uid() && is_private && file.is_file()).then(|| {
        format!(
            "which belongs to user {}, but its folder to user {}, who cannot write it",
            file.uid(),
            folder.uid()
        )
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;
    use crate::doctor::CheckStatus;

    fn text(path: &Path) -> Option<String> {
        examine("MFA_LOG_FILE", path).map(|it| it.detail)
    }

    #[test]
    fn a_folder_instead_of_a_file_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let finding = examine("MFA_LOG_FILE", folder.path()).unwrap();
        assert_eq!(finding.status, CheckStatus::Problem);
        assert!(finding.detail.ends_with("which is a folder"), "{finding:?}");
    }

    #[test]
    fn a_file_of_another_user_than_its_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mfa.log");
        assert_eq!(text(&path), None, "the folder can be written");
        fs::write(&path, "").unwrap();
        assert_eq!(text(&path), None);
        if fs::metadata(&path).unwrap().uid() != 0 {
            // Without root, a file without write access shows the other finding.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
            assert!(text(&path).unwrap().contains("cannot write"));
            return;
        }
        chown(folder.path(), Some(65534), None).unwrap();
        let detail = text(&path).unwrap();
        assert!(detail.contains("belongs to user 0, but its folder to user 65534"), "{detail}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(text(&path), None, "everybody can write it");
    }
}
