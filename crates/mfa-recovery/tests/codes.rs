//! Tests of recovery codes: their format, and every spelling that users may type.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::collections::HashSet;

use mfa_core::testing::{SeededEntropy, TestDigests};
use mfa_core::{Entropy, UserId};
use mfa_recovery::{PlainCode, RecoveryCodeInput, SET_SIZE, generate_set};
use proptest::prelude::*;

const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";

fn shown(code: &PlainCode) -> String {
    code.to_display().expose().to_owned()
}

#[test]
fn a_hundred_thousand_codes_repeat_none_and_use_the_whole_alphabet_alike() {
    let entropy = SeededEntropy::default();
    let mut seen = HashSet::new();
    let mut counts = [0_u32; 32];
    for _ in 0..10_000 {
        let set = generate_set(UserId::new(7), &entropy, &TestDigests).unwrap();
        assert_eq!(set.codes().len(), SET_SIZE);
        for code in set.codes() {
            let text = shown(code);
            let groups: Vec<&str> = text.split('-').collect();
            assert_eq!(groups.iter().map(|it| it.len()).collect::<Vec<_>>(), [4; 4], "{text}");
            for character in groups.concat().chars() {
                counts[ALPHABET.find(character).unwrap()] += 1;
            }
            assert!(seen.insert(text));
        }
    }
    assert_eq!(seen.len(), 100_000);
    // 50,000 each are expected, with a standard deviation of 220.
    assert!(counts.iter().all(|it| it.abs_diff(50_000) < 1_500), "{counts:?}");
}

/// Code number `number` of those that the seeded source gives.
fn code(number: u8) -> PlainCode {
    let entropy = SeededEntropy::default();
    for _ in 0..number {
        entropy.fill(&mut [0]).unwrap();
    }
    generate_set(UserId::new(7), &entropy, &TestDigests).unwrap().codes().next().unwrap().clone()
}

/// Spellings of a character: either case, or a letter that resembles it, with separators before it.
fn typed_as(character: char, choice: u8, separators: &str) -> String {
    let looks: &[char] = match character {
        '0' => &['0', 'o', 'O'],
        '1' => &['1', 'i', 'I', 'l', 'L'],
        _ => &[character, character.to_ascii_uppercase()],
    };
    format!("{separators}{}", looks.iter().cycle().nth(choice.into()).unwrap())
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_however_it_is_typed(
        number in any::<u8>(),
        choices in prop::collection::vec((any::<u8>(), "[ \t\u{a0}\u{2013}-]{0,2}"), 16),
    ) {
        let code = code(number);
        let canonical = shown(&code).replace('-', "");
        let typed: String =
            canonical.chars().zip(&choices).map(|(it, (choice, gap))| typed_as(it, *choice, gap)).collect();
        let read = RecoveryCodeInput::parse(&typed).unwrap();
        prop_assert_eq!(read.code(), Some(&code), "{:?}", typed);
    }

    #[test]
    fn one_wrong_character_is_another_code_or_none(number in any::<u8>(), place in 0_usize..16, to in any::<char>()) {
        let code = code(number);
        let mut characters: Vec<char> = shown(&code).replace('-', "").chars().collect();
        let same = typed_as(characters[place], 0, "") == to.to_lowercase().to_string()
            || "oil".contains(to.to_ascii_lowercase());
        prop_assume!(!same);
        characters[place] = to;
        let typed = RecoveryCodeInput::parse(&characters.iter().collect::<String>()).unwrap();
        prop_assert_ne!(typed.code(), Some(&code));
    }

    #[test]
    fn an_answer_is_any_text_of_1_to_64_characters(text in r"(?s).{0,80}") {
        let length = text.chars().count();
        prop_assert_eq!(RecoveryCodeInput::parse(&text).is_ok(), (1..=64).contains(&length));
    }

    #[test]
    fn a_code_is_exactly_sixteen_characters_that_mean_something(text in "[0-9a-zA-Z -]{1,24}") {
        let meant: String = text.chars().filter(|it| !" -".contains(*it)).collect();
        let is_code = meant.len() == 16 && !meant.contains(['u', 'U']);
        prop_assert_eq!(RecoveryCodeInput::parse(&text).unwrap().is_code(), is_code);
    }
}
