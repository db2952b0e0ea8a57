//! Sections of law as written on a case file to statute-qualified sections, and the category that follows.

use naqsha_model::{Adjacent, Category, Code, Offence, OffenceRole};

use crate::reference::Statutes;
use crate::text::{ascii_digits, fold};

/// Sections as cited, principal first, with the category that follows from them.
#[derive(Debug, PartialEq)]
pub(crate) struct Cited {
    pub(crate) offences: Vec<Offence>,
    pub(crate) category: Category,
}

const STATUTES: [(&str, &str); 26] = [
    ("cnsa", "CNSA-1997"),
    ("cns", "CNSA-1997"),
    ("ata", "ATA-1997"),
    ("ppc", "PPC-1860"),
    ("peca", "PECA-2016"),
    ("ptpa", "PTPA-2018"),
    ("psma", "PSMA-2018"),
    ("amla", "AMLA-2010"),
    ("fera", "FERA-1947"),
    ("eo", "EO-1979"),
    ("fa", "FA-1946"),
    ("pa", "PA-1974"),
    ("esa", "ESA-1908"),
    ("ca", "CA-1969"),
    ("customs", "CA-1969"),
    ("ao", "AO-1965"),
    ("blsa", "BLSA-1992"),
    ("hota", "HOTA-2010"),
    ("pachto", "PACHTO-2002"),
    ("peho", "PEHO-1979"),
    ("potip", "PTPA-2018"),
    ("تپ", "PPC-1860"),
    ("پیکا", "PECA-2016"),
    ("تعزیرات", "PPC-1860"),
    ("امتناع", "CNSA-1997"),
    ("اسلحہ", "AO-1965"),
];

const NOISE: [&str; 23] = [
    "u",
    "s",
    "r",
    "w",
    "us",
    "rw",
    "sec",
    "section",
    "sections",
    "act",
    "and",
    "read",
    "with",
    "of",
    "the",
    "under",
    "law",
    "دفعہ",
    "دفعات",
    "اور",
    "پاکستان",
    "جرم",
    "ایکٹ",
];

enum Token<'t> {
    Section(String),
    Statute(&'static str),
    Year(&'t str),
}

/// Reads a citation; sections that name no statute belong to `default_statute`.
pub(crate) fn sections(
    text: &str,
    default_statute: &str,
    statutes: &Statutes,
) -> Result<Cited, Code> {
    derive(citations(text, default_statute, statutes)?)
}

fn citations(text: &str, default_statute: &str, statutes: &Statutes) -> Result<Vec<Known>, Code> {
    let text = fold(&ascii_digits(text))
        .replace("ت۔پ", "تپ")
        .replace("ت پ", "تپ")
        .replace("ت.پ", "تپ");
    let mut cited: Vec<(String, String)> = Vec::new();
    let mut pending: Vec<String> = Vec::new();
    let mut prefix: Option<String> = None;
    let mut of_statute: Vec<usize> = Vec::new();
    for token in tokens(&text)? {
        match token {
            Token::Section(section) => match &prefix {
                Some(statute) => cited.push((statute.clone(), section)),
                None => pending.push(section),
            },
            Token::Statute(statute) => {
                prefix = pending.is_empty().then(|| statute.to_owned());
                of_statute = (cited.len()..cited.len() + pending.len()).collect();
                cited.extend(
                    pending
                        .drain(..)
                        .map(|section| (statute.to_owned(), section)),
                );
            }
            Token::Year(year) => set_year(year, statutes, &mut cited, &of_statute, prefix.as_mut()),
        }
    }
    cited.extend(
        pending
            .drain(..)
            .map(|section| (default_statute.to_owned(), section)),
    );
    cited
        .iter()
        .map(|(statute, section)| known(statute, section, statutes))
        .collect()
}

/// `CNSA 2025` is another statute than `CNSA 1997`.
fn set_year(
    year: &str,
    statutes: &Statutes,
    cited: &mut [(String, String)],
    of_statute: &[usize],
    prefix: Option<&mut String>,
) {
    let dated = |key: &str| {
        let (name, _) = key.rsplit_once('-').unwrap_or((key, ""));
        [
            format!("{name}-{year}"),
            format!("PB-{name}-{year}"),
            format!("KP-{name}-{year}"),
        ]
        .into_iter()
        .find(|k| statutes.has(k))
    };
    for &i in of_statute {
        if let Some((statute, _)) = cited.get_mut(i)
            && let Some(key) = dated(statute)
        {
            *statute = key;
        }
    }
    if let Some(statute) = prefix
        && let Some(key) = dated(statute)
    {
        *statute = key;
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Code> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut joined = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let (token, tail) = number_token(rest, &tokens, joined);
            match token {
                Some(token) => tokens.push(token),
                None => append_groups(&mut tokens, rest, tail),
            }
            (rest, joined) = (tail, true);
        } else if c.is_alphabetic() {
            let end = rest
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            if let Some(&(_, statute)) = STATUTES.iter().find(|(name, _)| *name == word) {
                tokens.push(Token::Statute(statute));
            } else if !NOISE.contains(&word) {
                return Err(Code::E201);
            }
            (rest, joined) = (tail, false);
        } else {
            joined = joined && c == ' ';
            rest = rest.split_at(c.len_utf8()).1;
        }
    }
    Ok(tokens)
}

/// Reads `365-a`, `9(1)`, `1997`; none where the digits go on with the section before, as in `9(1) 3(c)`.
fn number_token<'t>(
    text: &'t str,
    before: &[Token<'_>],
    joined: bool,
) -> (Option<Token<'t>>, &'t str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, mut rest) = text.split_at(end);
    let after_statute = matches!(before.last(), Some(Token::Statute(_)));
    if digits.len() == 4
        && after_statute
        && (digits.starts_with("18") || digits.starts_with("19") || digits.starts_with("20"))
    {
        return (Some(Token::Year(digits)), rest);
    }
    let mut section = digits.to_owned();
    if let Some((letters, tail)) = letter_suffix(rest) {
        section.push('-');
        section.push_str(&letters.to_uppercase());
        rest = tail;
    }
    while let Some((group, tail)) = group(rest) {
        section.push_str(&group);
        rest = tail;
    }
    let goes_on = joined
        && section.ends_with(')')
        && matches!(before.last(), Some(Token::Section(s)) if s.ends_with(')'));
    (
        if goes_on {
            None
        } else {
            Some(Token::Section(section))
        },
        rest,
    )
}

fn append_groups(tokens: &mut [Token<'_>], from: &str, to: &str) {
    let length = from.len() - to.len();
    if let (Some(Token::Section(section)), Some(more)) = (tokens.last_mut(), from.get(..length)) {
        section.push_str(more);
    }
}

/// One or two letters after the digits that are no statute: the `-A` of `365-A`.
fn letter_suffix(text: &str) -> Option<(&str, &str)> {
    let bare = text.strip_prefix('-').unwrap_or(text);
    let end = bare
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(bare.len());
    let (letters, tail) = bare.split_at(end);
    let short = matches!(letters.len(), 1 | 2)
        && !STATUTES.iter().any(|(name, _)| *name == letters)
        && !NOISE.contains(&letters);
    short.then_some((letters, tail))
}

/// `(1)`, `(c)`; a bare letter after a bracket, as in `13(2)a`, is a group too.
fn group(text: &str) -> Option<(String, &str)> {
    let (content, tail) = text.strip_prefix('(')?.split_once(')')?;
    let plain = !content.is_empty()
        && content.len() <= 4
        && content.chars().all(|c| c.is_ascii_alphanumeric());
    if !plain {
        return None;
    }
    let mut group = format!("({content})");
    let bare =
        letter_suffix(tail).filter(|(letters, _)| letters.len() == 1 && !tail.starts_with('-'));
    if let Some((letter, tail)) = bare {
        group.extend(["(", letter, ")"]);
        return Some((group, tail));
    }
    Some((group, tail))
}

struct Known {
    offence: Offence,
    category: Category,
    max_years: u32,
}

fn known(statute: &str, section: &str, statutes: &Statutes) -> Result<Known, Code> {
    let found = statutes.find(statute, section);
    let number: u32 = section
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    // The table holds the sections that matter; the rest of the penal code is other crime, not an error.
    if found.is_none() && !(statute == "PPC-1860" && (1..=511).contains(&number)) {
        return Err(Code::E201);
    }
    let (role, category, iccs, max_years) = match found {
        Some(row) => (row.role, row.category, row.iccs.clone(), row.max_years),
        None => (
            OffenceRole::Substantive,
            Category::Adjacent(Adjacent::Other),
            String::new(),
            0,
        ),
    };
    // `9(c)` says what was held and how much: it stands for the offence, where a bare `9` only punishes one.
    let part = found.is_some_and(|row| row.number != section) && section.contains(['(', '-']);
    let role = if role == OffenceRole::Punishment && part && statute.contains("CNSA") {
        OffenceRole::Substantive
    } else {
        role
    };
    let section = spelled(statute, section, found.map(|row| row.number.as_str()));
    let offence = Offence {
        statute: statute.to_owned(),
        section,
        role,
        iccs,
        principal: false,
        attempted: false,
        raw: None,
    };
    Ok(Known {
        offence,
        category,
        max_years,
    })
}

/// The statute's own spelling: `9(c)` in the narcotics acts, `22A` where the table has it so, else `365-A`.
fn spelled(statute: &str, section: &str, table: Option<&str>) -> String {
    if let Some(table) = table.filter(|table| table.replace('-', "") == section.replace('-', "")) {
        return table.to_owned();
    }
    match section.split_once('-') {
        Some((number, rest)) if statute.contains("CNSA") => {
            let (letter, groups) = rest.split_at(rest.find('(').unwrap_or(rest.len()));
            format!("{number}({}){groups}", letter.to_lowercase())
        }
        _ => section.to_owned(),
    }
}

/// Principal: mapped crimes before other ones, then the highest maximum, then the first cited.
///
/// A punishment or context section counts only where its statute has no substantive section cited: `9(c)` alone stands
/// for the offence it punishes. Modifiers never count.
fn derive(mut sections: Vec<Known>) -> Result<Cited, Code> {
    let substantive = |statute: &str, all: &[Known]| {
        all.iter()
            .any(|k| k.offence.role == OffenceRole::Substantive && k.offence.statute == statute)
    };
    let candidate = |known: &Known, all: &[Known]| match known.offence.role {
        OffenceRole::Substantive => true,
        OffenceRole::Punishment | OffenceRole::Context => !substantive(&known.offence.statute, all),
        OffenceRole::Modifier => false,
    };
    let rank = |known: &Known| {
        (
            known.category != Category::Adjacent(Adjacent::Other),
            known.max_years,
        )
    };
    let best = sections
        .iter()
        .enumerate()
        .filter(|(_, known)| candidate(known, &sections))
        .reduce(|best, next| {
            if rank(next.1) > rank(best.1) {
                next
            } else {
                best
            }
        })
        .map(|(i, _)| i);
    let Some(best) = best else {
        return Err(if sections.is_empty() {
            Code::E201
        } else {
            Code::E202
        });
    };
    let mut principal = sections.remove(best);
    principal.offence.principal = true;
    let category = principal.category;
    let offences = std::iter::once(principal)
        .chain(sections)
        .map(|known| known.offence)
        .collect();
    Ok(Cited { offences, category })
}

/// The sections of a citation in the order cited, as the golden table writes them.
#[cfg(test)]
pub(crate) fn written(
    text: &str,
    default_statute: &str,
    statutes: &Statutes,
) -> Result<String, Code> {
    sections(text, default_statute, statutes)?;
    let role = |offence: &Offence| match offence.role {
        OffenceRole::Substantive => String::new(),
        role => format!("[{role}]"),
    };
    let all = citations(text, default_statute, statutes)?;
    Ok(all
        .iter()
        .map(|k| {
            format!(
                "{}:{}{}",
                k.offence.statute,
                k.offence.section,
                role(&k.offence)
            )
        })
        .collect::<Vec<_>>()
        .join("|"))
}
