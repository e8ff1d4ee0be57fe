//! Icons beside texts, hidden from screen readers.

use maud::{Markup, PreEscaped};

/// Renders the icon with this name: lines of 1.75 on a grid of 24.
pub(crate) fn icon(name: &str) -> Markup {
    let path = match name {
        "shield" => {
            r#"<path d="M12 3l7.5 2.8v5.4c0 4.6-3 8-7.5 9.8-4.5-1.8-7.5-5.2-7.5-9.8V5.8z"/><path d="M8.8 12l2.3 2.3 4.2-4.5"/>"#
        }
        "app" => {
            r#"<rect x="6.5" y="2.5" width="11" height="19" rx="2.8"/><path d="M10.5 18.5h3"/><path d="M9.8 10.6l1.6 1.6 2.9-3.2"/>"#
        }
        "key" => {
            r#"<circle cx="8" cy="15.5" r="4.5"/><path d="M11.3 12.2L20 3.5M16.2 7.3l2.7 2.7M13.6 9.9l1.6 1.6"/>"#
        }
        "passkey" => {
            r#"<circle cx="9" cy="7.500" r="3.700"/><path d="M2.500 19.500c.5-3.900 3-6 6.500-6 1.200 0 2.200.2 3.100.7"/><circle cx="17.500" cy="12" r="3"/><path d="M17.500 15v6l2-1.700M17.500 18l1.700-1.300"/>"#
        }
        "message" => {
            r#"<path d="M4 5.5h16a1.5 1.5 0 0 1 1.5 1.5v8.5A1.5 1.5 0 0 1 20 17h-8.2L7 20.8V17H4a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 4 5.5z"/><path d="M7.5 11.3h.01M12 11.3h.01M16.5 11.3h.01"/>"#
        }
        "backup" => {
            r#"<path d="M4 12a8 8 0 0 1 13.7-5.6L20 8.6M20 4v4.6h-4.6M20 12a8 8 0 0 1-13.7 5.6L4 15.4M4 20v-4.6h4.6"/>"#
        }
        "pulse" => r#"<path d="M2.5 12.5h4l2.7-7.5 5 14 2.9-6.5h4.4"/>"#,
        "people" => {
            r#"<circle cx="9" cy="8" r="3.5"/><path d="M2.8 19.5c.5-3.4 3-5.3 6.2-5.3s5.700 1.900 6.200 5.300M15.800 4.900a3.500 3.500 0 0 1 0 6.200M18 14.700c1.900.8 3 2.500 3.300 4.800"/>"#
        }
        "leave" => {
            r#"<path d="M14.500 7.500V5.500a2 2 0 0 0-2-2h-6a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h6a2 2 0 0 0 2-2v-2M10 12h10.500M17 8.500l3.500 3.500-3.500 3.500"/>"#
        }
        "check" => r#"<circle cx="12" cy="12" r="9"/><path d="M8 12.300l2.700 2.700 5.300-5.800"/>"#,
        "info" => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.500M12 7.800v.01"/>"#,
        "help" => {
            r#"<circle cx="12" cy="12" r="9"/><path d="M9.600 9.500a2.500 2.500 0 1 1 3.500 2.300c-.8.4-1.100.9-1.100 1.700M12 16.700v.01"/>"#
        }
        "alert" => r#"<path d="M12 3.500l9.500 16.500h-19z"/><path d="M12 10v4.500M12 17.200v.01"/>"#,
        "lock" => {
            r#"<rect x="4.500" y="10.500" width="15" height="10" rx="2.500"/><path d="M8 10.500V7.500a4 4 0 0 1 8 0v3M12 14.500v2.500"/>"#
        }
        "cloud" => {
            r#"<path d="M7 18.500a4.500 4.500 0 0 1-.6-8.950 6 6 0 0 1 11.500 1.300A3.900 3.900 0 0 1 17.500 18.500z"/>"#
        }
        "screen" => {
            r#"<rect x="3" y="4.500" width="18" height="12" rx="2"/><path d="M9 20.500h6M12 16.500v4"/>"#
        }
        "next" => r#"<path d="M5 12h14M13 6l6 6-6 6"/>"#,
        "search" => r#"<circle cx="11" cy="11" r="6.500"/><path d="M16 16l4.500 4.500"/>"#,
        "copy" => {
            r#"<rect x="8.500" y="8.500" width="12" height="12" rx="2.500"/><path d="M15.500 8.500V6A2.500 2.500 0 0 0 13 3.500H6A2.500 2.500 0 0 0 3.500 6v7A2.500 2.500 0 0 0 6 15.500h2.500"/>"#
        }
        "download" => {
            r#"<path d="M12 3.500v11M7.500 10.500L12 15l4.500-4.500M4 17v1.500A2.500 2.500 0 0 0 6.500 21h11a2.500 2.500 0 0 0 2.500-2.500V17"/>"#
        }
        "print" => {
            r#"<path d="M7 8.500V3.500h10v5M7 16.500H5A1.500 1.500 0 0 1 3.500 15v-5A1.500 1.500 0 0 1 5 8.500h14a1.500 1.500 0 0 1 1.500 1.500v5a1.500 1.500 0 0 1-1.500 1.500h-2"/><path d="M7 14h10v6.500H7z"/>"#
        }
        _ => "",
    };
    PreEscaped(format!(
        r#"<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{path}</svg>"#
    ))
}
