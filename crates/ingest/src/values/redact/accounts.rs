//! E-mail addresses, links, handles, bank accounts, passports, wallets and vehicle plates.

use naqsha_model::Code;

use super::numbers::Found;
use super::plain::{Kind, Plain, Token};
use super::words::{is_no_plate, is_vehicle};

/// Notes every identifier of letters, digits and marks.
pub(super) fn find(plain: &Plain<'_>, found: &mut Vec<Found>) {
    for (i, token) in plain.tokens.iter().enumerate() {
        let span = match token.kind {
            Kind::Mark if plain.of(token) == "@" => {
                address(plain, token).or_else(|| handle(plain, token))
            }
            Kind::Letters => link(plain, i)
                .or_else(|| iban(plain, token))
                .or_else(|| passport(plain, i))
                .or_else(|| plate(plain, i))
                .or_else(|| wallet(plain, token)),
            Kind::Digits => wallet(plain, token),
            Kind::Mark | Kind::Space => None,
        };
        if let Some((start, end)) = span {
            found.push((start..end, Code::P601));
        }
    }
}

type Span = Option<(usize, usize)>;

fn before(plain: &Plain<'_>, at: usize) -> Option<char> {
    plain.slice(0, at).chars().next_back()
}

/// The end of the run of characters from `at` that satisfy `part`.
fn run(plain: &Plain<'_>, at: usize, part: impl Fn(char) -> bool) -> usize {
    let rest = plain.slice(at, plain.text.len());
    at + rest.find(|c: char| !part(c)).unwrap_or(rest.len())
}

fn address(plain: &Plain<'_>, sign: &Token) -> Span {
    let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    let left = plain.slice(0, sign.start);
    let near = left.strip_suffix(' ').unwrap_or(left);
    let start = near
        .char_indices()
        .rev()
        .take_while(|&(_, c)| local(c))
        .last()
        .map(|(i, _)| i)?;
    let from = run(plain, sign.end, |c| c == ' ').min(sign.end + 1);
    let end = run(plain, from, |c| {
        c.is_alphanumeric() || matches!(c, '.' | '-')
    });
    let domain = plain.slice(from, end).trim_end_matches(['.', '-']);
    let (host, last) = domain.rsplit_once('.')?;
    let spaced = near.len() < left.len() || from > sign.end;
    let known = matches!(
        last.to_ascii_lowercase().as_str(),
        "com" | "pk" | "net" | "org"
    );
    let right = !host.is_empty() && last.len() >= 2 && last.chars().all(char::is_alphabetic);
    (right && (!spaced || known)).then_some((start, from + domain.len()))
}

/// `@raja_786`: a name on a platform, where a bare word behind the sign would be an alias or a place.
fn handle(plain: &Plain<'_>, sign: &Token) -> Span {
    if before(plain, sign.start).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let end = run(plain, sign.end, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
    });
    let name = plain.slice(sign.end, end).trim_end_matches('.');
    let odd = name
        .bytes()
        .any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    let lower = name.starts_with(|c: char| c.is_ascii_lowercase());
    let long = name.len() >= 4 && name.starts_with(|c: char| c.is_ascii_alphabetic());
    (long && (odd || lower)).then_some((sign.start, sign.end + name.len()))
}

fn link(plain: &Plain<'_>, i: usize) -> Span {
    let token = plain.tokens.get(i)?;
    let rest = plain.slice(token.start, plain.text.len());
    let head: String = rest
        .chars()
        .take(14)
        .collect::<String>()
        .to_ascii_lowercase();
    let platform = [
        "facebook.com",
        "fb.com",
        "instagram.com",
        "twitter.com",
        "t.me/",
        "wa.me/",
        "tiktok.com",
        "youtube.com",
        "x.com/",
    ]
    .iter()
    .any(|host| head.starts_with(host));
    let link = head.starts_with("http://")
        || head.starts_with("https://")
        || head.starts_with("www.")
        || platform;
    let fresh =
        !before(plain, token.start).is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '@'));
    if !link || !fresh {
        return None;
    }
    let end = run(plain, token.start, |c| {
        !c.is_whitespace() && !matches!(c, '"' | '<' | '>')
    });
    let text = plain
        .slice(token.start, end)
        .trim_end_matches(['.', ',', ';', ')', ']', '،', '۔']);
    Some((token.start, token.start + text.len()))
}

/// Letters and digits from `start` over single spaces and dashes, with the end of each.
fn signs(plain: &Plain<'_>, start: usize, most: usize) -> Vec<(u8, usize)> {
    let mut signs = Vec::with_capacity(most);
    let mut gap = 0;
    for (i, b) in plain.slice(start, plain.text.len()).bytes().enumerate() {
        if b.is_ascii_alphanumeric() {
            gap = 0;
            signs.push((b.to_ascii_uppercase(), start + i + 1));
        } else if matches!(b, b' ' | b'-') && gap == 0 {
            gap = 1;
        } else {
            break;
        }
        if signs.len() == most {
            break;
        }
    }
    signs
}

/// An international bank account number; Pakistan's by its shape, others by their check digits.
fn iban(plain: &Plain<'_>, token: &Token) -> Span {
    let country = plain.of(token);
    if country.len() < 2 || before(plain, token.start).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let after = plain.text.as_bytes().get(token.start + 2)?;
    if !(after.is_ascii_digit() || matches!(after, b' ' | b'-')) {
        return None;
    }
    let signs = signs(plain, token.start, 34);
    let letters = |range: std::ops::Range<usize>| {
        signs
            .get(range)
            .is_some_and(|part| part.iter().all(|(b, _)| b.is_ascii_alphabetic()))
    };
    let digits = |range: std::ops::Range<usize>| {
        signs.get(range).map_or(0, |part| {
            part.iter().filter(|(b, _)| b.is_ascii_digit()).count()
        })
    };
    if !letters(0..2) || digits(2..4) != 2 {
        return None;
    }
    let pakistan = country.eq_ignore_ascii_case("pk");
    let end = |length: usize| signs.get(length - 1).map(|&(_, end)| end);
    if pakistan
        && letters(4..8)
        && digits(8..24) >= 10
        && let Some(end) = end(24)
    {
        return Some((token.start, end));
    }
    let whole = |at: usize| {
        !plain
            .text
            .as_bytes()
            .get(at)
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    (15..=signs.len())
        .rev()
        .filter(|&length| {
            digits(4..length) >= 8 && checks(signs.iter().take(length).map(|&(b, _)| b))
        })
        .find_map(|length| end(length).filter(|&at| whole(at)))
        .map(|end| (token.start, end))
}

/// Whether the check digits of ISO 13616 hold: the number with its head moved behind is 1 modulo 97.
fn checks(signs: impl Iterator<Item = u8> + Clone) -> bool {
    let moved = signs.clone().skip(4).chain(signs.take(4));
    moved.fold(0_u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b - b'A') + 10) % 97,
    }) == 1
}

/// Two letters and seven digits.
fn passport(plain: &Plain<'_>, i: usize) -> Span {
    let letters = plain.tokens.get(i)?;
    let text = plain.of(letters);
    let short = text.len() <= 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    if !short
        || before(plain, letters.start)
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/'))
    {
        return None;
    }
    let (digits, joined) = behind(plain, i)?;
    let count = digits.end - digits.start;
    let ended = plain.tokens.get(joined + 1).is_none_or(|next| {
        !matches!(plain.of(next), "/" | "-" | ".") && next.kind != Kind::Letters
    });
    let named = plain.tokens.iter().take(i).rev().take(6).any(|token| {
        matches!(
            plain.of(token).to_lowercase().as_str(),
            "passport" | "پاسپورٹ"
        )
    });
    let shape = (text.len() == 2 && count == 7 && !is_no_plate(text))
        || (named && (6..=9).contains(&count));
    (shape && ended).then_some((letters.start, digits.end))
}

/// The digits after token `i`, over at most one space or dash.
fn behind<'p>(plain: &'p Plain<'_>, i: usize) -> Option<(&'p Token, usize)> {
    let next = plain.tokens.get(i + 1)?;
    let over = matches!(plain.of(next), " " | "-");
    let at = if over { i + 2 } else { i + 1 };
    plain
        .tokens
        .get(at)
        .filter(|token| token.kind == Kind::Digits)
        .map(|token| (token, at))
}

/// `LEA-1234`, `LHR 07 1234`, `ICT-LA 123`; shorter ones only behind the word for a vehicle.
fn plate(plain: &Plain<'_>, i: usize) -> Span {
    let letters = plain.tokens.get(i)?;
    let text = plain.of(letters);
    if text.len() > 3
        || !text.is_ascii()
        || before(plain, letters.start)
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.'))
    {
        return None;
    }
    let vehicle =
        plain.tokens.iter().take(i).rev().take(8).any(|token| {
            token.kind == Kind::Letters && is_vehicle(&plain.of(token).to_lowercase())
        });
    let capital = text.bytes().all(|b| b.is_ascii_uppercase());
    let upper = text.to_ascii_uppercase();
    if !(capital || vehicle) || (is_no_plate(&upper) && upper != "LA") {
        return None;
    }
    if upper == "ICT" {
        let next = plain
            .tokens
            .get(i + 2)
            .filter(|token| token.kind == Kind::Letters && token.end - token.start <= 3);
        let (digits, _) = next.and_then(|_| behind(plain, i + 2))?;
        return Some((letters.start, digits.end));
    }
    let (digits, at) = behind(plain, i)?;
    let count = digits.end - digits.start;
    let dashed = plain
        .tokens
        .get(i + 1)
        .is_some_and(|token| plain.of(token) == "-");
    if matches!(count, 2 | 4)
        && text.len() >= 2
        && let Some((number, last)) = behind(plain, at)
        && matches!(number.end - number.start, 3 | 4)
        && at + 2 == last
        && ends(plain, last)
    {
        return Some((letters.start, number.end));
    }
    let mixed = plain.text.bytes().any(|b| b.is_ascii_lowercase()) || !plain.text.is_ascii();
    let usual = text.len() == 3 && matches!(count, 3 | 4) && (dashed || mixed || at == i + 1);
    let behind_vehicle = vehicle && (2..=4).contains(&count);
    ((usual || behind_vehicle) && ends(plain, at)).then_some((letters.start, digits.end))
}

fn ends(plain: &Plain<'_>, i: usize) -> bool {
    let next = plain.tokens.get(i + 1);
    next.is_none_or(|token| {
        token.kind != Kind::Letters && !matches!(plain.of(token), "/" | "-" | ":")
    }) || plain
        .tokens
        .get(i + 2)
        .is_none_or(|token| token.kind == Kind::Space)
        && !next.is_some_and(|token| token.kind == Kind::Letters)
}

/// A key of at least 26 letters and digits without a break: no word is one.
fn wallet(plain: &Plain<'_>, token: &Token) -> Span {
    if before(plain, token.start).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let end = run(plain, token.start, |c| c.is_ascii_alphanumeric());
    let text = plain.slice(token.start, end);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (text.len() >= 26 && digits >= 2 && digits < text.len()).then_some((token.start, end))
}
