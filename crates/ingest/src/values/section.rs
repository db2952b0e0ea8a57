//! Sections of law as written on a case file to statute-qualified sections, and the category that follows.

use naqsha_model::Code;
#[cfg(test)]
use naqsha_model::{Offence, OffenceRole};

use crate::reference::Statutes;
use crate::text::{ascii_digits, fold, is_letter};
use crate::values::cited::{Cited, Known, derive, known};
use crate::values::redact::redact;

const STATUTES: [(&str, &str); 32] = [
    ("cnsa", "CNSA-1997"),
    ("cns", "CNSA-1997"),
    ("kpcnsa", "KP-CNSA-2019"),
    ("pcnsa", "PB-CNSA-2025"),
    ("ata", "ATA-1997"),
    ("tpa", "PTPA-2018"),
    ("انسداد", "ATA-1997"),
    ("منشیات", "CNSA-1997"),
    ("نارکوٹکس", "CNSA-1997"),
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
    let mut cited = derive(citations(text, default_statute, statutes)?)?;
    if let Some(principal) = cited.offences.first_mut() {
        principal.raw = Some(redact(text).text.chars().take(RAW_LETTERS).collect());
    }
    Ok(cited)
}

/// Letters that are kept of the source's own words.
const RAW_LETTERS: usize = 120;

/// A section with its statute.
struct Citation {
    statute: String,
    section: String,
    /// Whether the text leaves open which year's or province's act it means.
    undated: bool,
}

fn citations(text: &str, default_statute: &str, statutes: &Statutes) -> Result<Vec<Known>, Code> {
    let text = fold(&ascii_digits(text))
        .replace("ت۔پ", "تپ")
        .replace("ت پ", "تپ")
        .replace("ت.پ", "تپ");
    let mut cited: Vec<Citation> = Vec::new();
    let mut pending: Vec<String> = Vec::new();
    let mut prefix: Option<(String, bool)> = None;
    let mut of_statute: Vec<usize> = Vec::new();
    let under = |statute: &str, section: String, undated| Citation {
        statute: statute.to_owned(),
        section,
        undated,
    };
    for token in tokens(&text)? {
        match token {
            Token::Section(section) => match &prefix {
                Some((statute, undated)) => cited.push(under(statute, section, *undated)),
                None => pending.push(section),
            },
            Token::Statute(statute) => {
                prefix = pending.is_empty().then(|| (statute.to_owned(), true));
                of_statute = (cited.len()..cited.len() + pending.len()).collect();
                cited.extend(
                    pending
                        .drain(..)
                        .map(|section| under(statute, section, true)),
                );
            }
            Token::Year(year) => set_year(year, statutes, &mut cited, &of_statute, &mut prefix),
        }
    }
    cited.extend(
        pending
            .drain(..)
            .map(|section| under(default_statute, section, true)),
    );
    cited
        .iter()
        .map(|citation| {
            let mut known = known(&citation.statute, &citation.section, statutes)?;
            known.undated = citation.undated;
            Ok(known)
        })
        .collect()
}

/// `CNSA 2025` is another statute than `CNSA 1997`.
fn set_year(
    year: &str,
    statutes: &Statutes,
    cited: &mut [Citation],
    of_statute: &[usize],
    prefix: &mut Option<(String, bool)>,
) {
    let dated = |key: &str| {
        let (name, _) = key.rsplit_once('-').unwrap_or((key, ""));
        let name = name.trim_start_matches("PB-").trim_start_matches("KP-");
        [
            format!("{name}-{year}"),
            format!("PB-{name}-{year}"),
            format!("KP-{name}-{year}"),
        ]
        .into_iter()
        .find(|k| statutes.has(k))
    };
    for &i in of_statute {
        if let Some(citation) = cited.get_mut(i) {
            citation.undated = false;
            if let Some(key) = dated(&citation.statute) {
                citation.statute = key;
            }
        }
    }
    if let Some((statute, undated)) = prefix {
        *undated = false;
        if let Some(key) = dated(statute) {
            *statute = key;
        }
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
        } else if is_letter(c) {
            let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
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
