use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::*;

/// The mails, held to the same rules.
const MAIL: TranslationSource = TranslationSource {
    file: "mfa-mail/mail.ftl",
    french: include_str!("../../../mfa-mail/locales/fr/mail.ftl"),
    english: include_str!("../../../mfa-mail/locales/en/mail.ftl"),
};
/// The texts of `mfa-pages`, held to the same rules: every file there, so that no new one is forgotten.
static PAGES: LazyLock<Vec<TranslationSource>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mfa-pages/locales");
    let read = |language: &str, file: &str| -> &'static str {
        std::fs::read_to_string(folder.join(language).join(file)).unwrap().leak()
    };
    let names = |language: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder.join(language)).unwrap();
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("fr"), names("en"), "each file is there in both languages");
    let source = |file: String| {
        let (french, english) = (read("fr", &file), read("en", &file));
        TranslationSource { file: file.leak(), french, english }
    };
    names("fr").into_iter().map(source).collect()
});

/// The texts of all crates.
fn sources() -> Vec<TranslationSource> {
    [PROBLEMS, MAIL].into_iter().chain(PAGES.iter().copied()).collect()
}

/// The arguments of each text of a file, by the text's name.
fn arguments_by_name(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(source).unwrap();
    let mut texts = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        if let Some(value) = &message.value {
            texts.insert(name.to_owned(), arguments_of(value));
        }
        for attribute in &message.attributes {
            texts.insert(format!("{name}.{}", attribute.id.name), arguments_of(&attribute.value));
        }
    }
    texts
}

fn arguments_of(pattern: &Pattern<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(pattern, &mut found);
    found
}

fn collect(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => collect_inline(inline, found),
            Expression::Select { selector, variants } => {
                collect_inline(selector, found);
                for variant in variants {
                    collect(&variant.value, found);
                }
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments: CallArguments { positional, .. }, .. } => {
            for argument in positional {
                collect_inline(argument, found);
            }
        }
        _ => {}
    }
}

fn both() -> Translations {
    Translations::load(&[&PAGES[..], &[MAIL]].concat()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_arguments() {
    both();
    for TranslationSource { file, french, english } in sources() {
        let (french, english) = (arguments_by_name(french), arguments_by_name(english));
        assert!(!french.is_empty(), "{file}");
        assert_eq!(french, english, "{file}");
    }
}

/// Messages that may be the same in both languages.
const SAME_IN_BOTH: [&str; 6] =
    ["plot-day", "day", "mail-help-page", "pass-minutes", "list-pages", "list-chip-sms"];

#[test]
fn no_text_of_one_language_stands_in_the_other() {
    let texts = both();
    for TranslationSource { file, french, .. } in sources() {
        for (name, arguments) in arguments_by_name(french) {
            let arguments: Vec<_> = arguments.iter().map(|it| (it.as_str(), Argument::from(2))).collect();
            let [french, english] =
                [Language::French, Language::English].map(|it| texts.translate(it, &name, &arguments));
            // Names of countries and common words may be the same, and a day has the same parts, perhaps in another order.
            let may_agree = name.starts_with("country-") || SAME_IN_BOTH.contains(&name.as_str());
            assert!(french != english || may_agree, "{file}: {name}");
            for text in [french, english] {
                assert!(!text.is_empty() && !text.contains(['{', '}']), "{file}: {name}: {text}");
            }
        }
    }
}

/// Returns the typographic error of a French line. A colon inside a word (`12:30`, `https://`) is no punctuation.
fn misprint(line: &str) -> Option<&'static str> {
    const SPACE: char = '\u{a0}';
    const THIN: char = '\u{202f}';
    let text = line.split_once("= ").map_or(line, |(_, text)| text);
    if text.contains('\'') {
        return Some("a straight apostrophe");
    }
    let marks: Vec<char> = text.chars().chain([' ']).collect();
    marks.windows(3).find_map(|window| match (window[0], window[1], window[2]) {
        (before, ';' | '!' | '?', ' ') if before != THIN => Some("no thin space before ; ! ?"),
        (before, ':', ' ') if before != SPACE => Some("no hard space before a colon"),
        (before, '»', _) if before != SPACE => Some("no hard space in quotes"),
        (_, '«', after) if after != SPACE => Some("no hard space in quotes"),
        _ => None,
    })
}

#[test]
fn french_marks_and_apostrophes_are_as_they_should_be() {
    assert!(misprint("a = Bonjour : b").is_some() && misprint("a = l'un").is_some());
    assert!(misprint("a = Quoi ?").is_some() && misprint("a = «b»").is_some());
    assert_eq!(misprint("a = À 12:30, «\u{a0}b\u{a0}»\u{202f};"), None);
    for TranslationSource { file, french, .. } in sources() {
        for line in french.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(misprint(line), None, "{file}: {line}");
        }
    }
}

#[test]
fn plurals_follow_the_grammar_of_the_language() {
    let texts = both();
    let left = |language, count: usize| {
        texts.translate(language, "warning-few-codes-left", &[("left", count.into())]).into_owned()
    };
    assert_eq!(left(Language::English, 1), "Only one recovery code is left. Generate new ones.");
    assert_eq!(left(Language::English, 3), "Only 3 recovery codes are left. Generate new ones.");
    assert_eq!(left(Language::French, 1), "Il ne reste qu’un code de récupération. Générez-en de nouveaux.");
    assert_eq!(left(Language::French, 3), "Il ne reste que 3 codes de récupération. Générez-en de nouveaux.");
}

#[test]
fn what_has_no_text_is_shown_by_its_name() {
    let texts = both();
    for name in ["nothing", "nothing.detail", "problem-not-found.nothing", ""] {
        assert_eq!(texts.translate(Language::French, name, &[]), name);
    }
}

#[test]
fn a_file_that_is_no_fluent_or_repeats_a_message_is_refused_and_named() {
    let broken = |source| bundle(Language::French, &[("a.ftl", "a = A"), ("b.ftl", source)]).err();
    assert_eq!(broken("b = B"), None);
    for source in ["b = {", "a = B", "no message"] {
        let error = broken(source).unwrap().to_string();
        assert!(error.starts_with("locales/fr/b.ftl: "), "{error}");
    }
}

/// The texts of a file, one a line, in lower case: without comments, names and non-breaking spaces.
fn shown_text(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.starts_with('#'));
    let texts = lines.map(|line| line.split_once(" = ").map_or(line, |(_, text)| text));
    texts.collect::<Vec<_>>().join("\n").replace(['\u{a0}', '\u{202f}'], " ").to_lowercase()
}

/// Whether `text` contains `phrase` as whole words.
fn contains_phrase(text: &str, phrase: &str) -> bool {
    let is_between_words = |c: char| !c.is_alphanumeric() && c != '-';
    let text: Vec<_> = text.split(is_between_words).filter(|word| !word.is_empty()).collect();
    let phrase: Vec<_> = phrase.split(' ').collect();
    text.windows(phrase.len()).any(|words| words == phrase)
}

/// The terms in the comment at the top of a file, `# - English / français: meaning`, as English and French.
fn terms(source: &str) -> Vec<(String, String)> {
    let entries =
        source.lines().take_while(|line| line.starts_with('#')).filter_map(|line| line.strip_prefix("# - "));
    let pairs = entries.filter_map(|entry| entry.split(':').next()?.split_once(" / "));
    pairs.map(|(english, french)| (english.trim().to_lowercase(), french.trim().to_lowercase())).collect()
}

#[test]
fn both_languages_list_the_same_terms_and_use_each_of_them() {
    let lists: Vec<_> = sources().iter().map(|it| (terms(it.french), terms(it.english))).collect();
    for (french, english) in &lists {
        assert_eq!(french, english);
    }
    let joined = |text: fn(&TranslationSource) -> &'static str| {
        sources().iter().map(|it| shown_text(text(it))).collect::<Vec<_>>().join("\n")
    };
    let (french_text, english_text) = (joined(|it| it.french), joined(|it| it.english));
    let terms: Vec<_> = lists.into_iter().flat_map(|(french, _)| french).collect();
    assert!(terms.len() > 10, "{terms:?}");
    for (english, french) in terms {
        assert!(english_text.contains(&english), "no English text uses: {english}");
        assert!(french_text.contains(&french), "no French text uses: {french}");
    }
}

/// Words that no English text uses, each with the term to use instead.
const NOT_ENGLISH_TERMS: &[(&str, &str)] = &[
    ("2fa", "second factor"),
    ("anew", "again"),
    ("backup code", "recovery code"),
    ("backup codes", "recovery codes"),
    ("cell phone", "mobile number"),
    ("gadget", "device"),
    ("log-in", "login"),
    ("one-time password", "code"),
    ("sign in", "log in"),
    ("sign out", "log out"),
    ("signed in", "logged in"),
    ("telephone", "phone"),
    ("two-step", "second factor"),
    ("at hand", "available"),
    ("audit trail", "audit log"),
    ("board", "dashboard"),
    ("demand", "require"),
    ("demands", "require"),
    ("e-mail", "email"),
    ("fit", "work"),
    ("good for", "expires in"),
    ("is a must", "is required"),
    ("everybody", "all accounts"),
    ("make new codes", "generate new codes"),
    ("make new recovery codes", "generate new recovery codes"),
    ("people", "accounts"),
    ("regenerate", "generate"),
    ("regenerated", "generated"),
    ("this user", "this account, or this person"),
    ("minted", "issued"),
    ("no longer good", "no longer valid"),
    ("obligation", "requirement"),
    ("proof", "second factor"),
    ("stand in", "SMS backup"),
    ("stands in", "SMS backup"),
    ("tries", "attempts"),
    ("two-factor", "second factor"),
    ("user name", "username"),
    ("wrong codes", "incorrect codes"),
];

/// Words that no French text uses, each with the term to use instead.
const NOT_FRENCH_TERMS: &[(&str, &str)] = &[
    ("2fa", "second facteur"),
    ("agir", "actions"),
    ("appli", "application"),
    ("authentificateur", "application d’authentification"),
    ("code à usage unique", "code"),
    ("code de sauvegarde", "code de récupération"),
    ("codes de sauvegarde", "codes de récupération"),
    ("courriel", "adresse e-mail"),
    ("déconnexion réussie", "vous êtes déconnecté"),
    ("facteur secondaire", "second facteur"),
    ("jeton physique", "clé de sécurité"),
    ("moyens", "méthodes"),
    ("portable", "mobile"),
    ("se logger", "se connecter"),
    ("second facteur d'authentification", "second facteur"),
    ("code de secours", "code de récupération"),
    ("code neuf", "nouveau code"),
    ("code qr", "QR code"),
    ("codes de secours", "codes de récupération"),
    ("convient", "incorrect ou expiré"),
    ("double authentification", "second facteur"),
    ("essai", "tentative"),
    ("essais", "tentatives"),
    ("gestion", "administration"),
    ("moyen", "méthode"),
    ("obligation", "exigence"),
    ("obligatoires", "exigé"),
    ("obligé", "exigé"),
    ("première page", "accueil"),
    ("preuve", "second facteur"),
    ("cet utilisateur", "ce compte, ou cette personne"),
    ("créer de nouveaux codes", "générer de nouveaux codes"),
    ("recréer", "générer"),
    ("régénérer", "générer"),
    ("régénérés", "générés"),
    ("relais", "secours par SMS"),
    ("suite", "page suivante"),
    ("supprimer", "retirer"),
    ("valable", "valide"),
];

#[test]
fn texts_use_no_word_that_competes_with_a_term() {
    assert!(contains_phrase("a code that does not fit.", "fit") && !contains_phrase("a benefit", "fit"));
    assert!(contains_phrase("prend le relais", "relais") && !contains_phrase("gestionnaire", "gestion"));
    for TranslationSource { file, french, english } in sources() {
        for (language, source, banned) in
            [("fr", french, NOT_FRENCH_TERMS), ("en", english, NOT_ENGLISH_TERMS)]
        {
            for text in shown_text(source).lines() {
                let found = banned.iter().find(|(word, _)| contains_phrase(text, word));
                assert_eq!(found, None, "locales/{language}/{file}: {text}");
            }
        }
    }
}
