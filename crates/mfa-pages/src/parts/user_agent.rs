//! Name of browser and operating system from a `User-Agent` header.

use crate::request::PageRequest;

/// Returns for example "Firefox · Linux", or a text if neither is known.
pub(crate) fn agent_name(request: &PageRequest, agent: &str) -> String {
    match (browser(agent), system(agent)) {
        (Some(browser), Some(system)) => format!("{browser} ({system})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => request.translate("agent-unknown"),
    }
}

/// Returns whether the header is that of a phone or a tablet.
pub(crate) fn is_handheld(agent: &str) -> bool {
    matches!(system(agent), Some("iPhone" | "iPad" | "Android"))
}

/// In this order, because each header also contains names that come later.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

fn browser(agent: &str) -> Option<&'static str> {
    BROWSERS.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
}

fn system(agent: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_browsers_are_told_apart() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        assert_eq!((browser(linux), system(linux)), (Some("Chrome"), Some("Linux")));
        let edge = format!("{linux} Edg/130.0.0.0");
        assert_eq!(browser(&edge), Some("Edge"));
        let phone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1";
        assert_eq!((browser(phone), system(phone)), (Some("Safari"), Some("iPhone")));
        assert!(is_handheld(phone) && !is_handheld(linux));
        assert_eq!((browser("x"), system("")), (None, None));
    }
}
