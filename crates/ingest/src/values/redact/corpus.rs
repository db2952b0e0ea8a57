//! Labelled lines as bureaus write them: places with and without personal data, and the numbers that are not personal.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A line with the personal data planted in it.
pub(super) struct Line {
    pub(super) text: String,
    /// Bytes of `text` that must go.
    pub(super) planted: Vec<std::ops::Range<usize>>,
}

/// Draws lines; the same seed gives the same ones.
pub(super) struct Corpus {
    random: ChaCha8Rng,
}

const LATIN_PLACES: [&str; 24] = [
    "GT Road km 45 near Rawat toll plaza",
    "Torkham border, NLC terminal gate 2",
    "Chak 123/7-R, Burewala",
    "Mian Channu bypass",
    "Haji Camp, Sultanabad",
    "House No 123, Street 45, Sector G-11/3",
    "Plot 45-B, Phase 6, DHA",
    "N-55 Indus Highway near Ratodero",
    "Motorway M-4 interchange, km 112",
    "Killi Nau Hissar, Quetta",
    "Malik Abad Market, Rawalpindi",
    "Dr. Ziauddin Hospital, Clifton Block 6",
    "Allama Iqbal Town, Lahore",
    "shop in Karkhano Market, Hayatabad Phase 5",
    "check post Kohat Tunnel",
    "Lari Adda opposite PSO pump",
    "Goth Haji Khan, Thatta",
    "UC-12, NA-123, Lyari",
    "31.520370, 74.358749 near Ring Road",
    "ASF counter, Terminal 1, Islamabad International Airport",
    "coastal belt near Jiwani, 42N 512345 3912345",
    "Raja Bazaar, Rawalpindi",
    "Sheikh Zayed Road, Dera Ghazi Khan",
    "5 km NE of PS Saddar",
];

const URDU_PLACES: [&str; 12] = [
    "نزد ٹول پلازہ جی ٹی روڈ",
    "چک نمبر ۱۲۳ گ ب، فیصل آباد",
    "بمسافت 10 کلومیٹر مشرق از تھانہ",
    "محلہ عیدگاہ، گجرات",
    "طورخم بارڈر، گیٹ نمبر ۲",
    "قومی شاہراہ نزد پٹرول پمپ",
    "مکان نمبر ۴۵ گلی نمبر ۶ سیٹلائٹ ٹاؤن",
    "موضع کوٹ ادو",
    "حاجی کیمپ کراچی",
    "ملک مارکیٹ صدر بازار",
    "تقریباً ۳ کلومیٹر جانب شمال مغرب",
    "بس اڈہ پشاور",
];

const RECORDS: [&str; 20] = [
    "FIR No. 604/2023 dated 12-03-2024",
    "u/s 9(1) 3(c) CNSA 1997",
    "u/s 365-A PPC/7-ATA",
    "420/468/471 PPC",
    "recovered 72,484.108 KGs of hashish",
    "Rs. 15,00,000/- in cash",
    "PKR 1250000000 frozen",
    "USD 25000 seized",
    "2 Pkts (1200 gms each)",
    "on 2024-03-12 at 22:30:15",
    "between 12-03-24 and 14-03-24",
    "2230 hrs",
    "Case No. 2345/2023",
    "Crl. Misc. No. 12345-B/2023",
    "مقدمہ نمبر ۶۰۴/۲۳ مورخہ ۱۲-۰۳-۲۰۲۴",
    "برآمدگی ۱٬۲۵۰ کلو گرام",
    "مبلغ ۱۵،۰۰،۰۰۰ روپے",
    "1 AK-47 with 30 rounds",
    "2 persons w/o travel documents",
    "raid @ 0430 hrs",
];

const GIVEN: [&str; 16] = [
    "Muhammad Aslam",
    "Ghulam Rasool",
    "Abdul Rehman",
    "Bilal Ahmed",
    "Imran Khan",
    "Zafar Iqbal",
    "Tariq Mehmood",
    "Rashid Minhas",
    "Noor Wali",
    "Sher Zaman",
    "Ayesha Bibi",
    "Nasreen Akhtar",
    "Shazia Parveen",
    "Rukhsana",
    "Gul Badshah",
    "Faqir Hussain",
];
const GIVEN_URDU: [&str; 10] = [
    "محمد اسلم",
    "غلام رسول",
    "عبد الرحمن",
    "بلال احمد",
    "عمران خان",
    "ظفر اقبال",
    "زینب بی بی",
    "نسرین اختر",
    "گل بادشاہ",
    "شیر زمان",
];
const RELATIONS: [&str; 8] = ["s/o", "S/O", "d/o", "w/o", "son of", "alias", "@", "D/o"];
const RELATIONS_URDU: [&str; 5] = ["ولد", "بنت", "زوجہ", "عرف", "بیوہ"];

impl Corpus {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.random.next_u64() % u64::try_from(n).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all.get(self.below(all.len())).unwrap()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap()))
            .collect()
    }

    /// A line of one to three parts, in any order, about every second with personal data.
    pub(super) fn line(&mut self) -> Line {
        let urdu = self.below(3) == 0;
        let mut parts: Vec<(String, Option<std::ops::Range<usize>>)> = vec![(
            self.pick(if urdu { &URDU_PLACES } else { &LATIN_PLACES })
                .to_owned(),
            None,
        )];
        if self.below(2) == 0 {
            parts.push((self.pick(&RECORDS).to_owned(), None));
        }
        if self.below(2) == 0 {
            parts.push(self.personal(urdu));
        }
        for i in (1..parts.len()).rev() {
            let other = self.below(i + 1);
            parts.swap(i, other);
        }
        let mut line = Line {
            text: String::new(),
            planted: Vec::new(),
        };
        for (i, (part, planted)) in parts.iter().enumerate() {
            if i > 0 {
                line.text
                    .push_str(self.pick(&[", ", "; ", " - ", "، ", " ("]));
            }
            let from = line.text.len();
            line.text.push_str(part);
            if let Some(span) = planted {
                line.planted.push(span.start + from..span.end + from);
            }
        }
        line
    }

    fn personal(&mut self, urdu: bool) -> (String, Option<std::ops::Range<usize>>) {
        let (before, secret, after) = match self.below(12) {
            0..=2 => self.identity_card(),
            3..=5 => self.phone(),
            6 | 7 => self.relation(urdu),
            8 => self.led_name(urdu),
            9 => self.account(),
            10 => self.plate(),
            _ => self.online(),
        };
        let start = before.len();
        let end = start + secret.len();
        (before + &secret + &after, Some(start..end))
    }

    /// The groups of a number with one separator, sometimes split anyhow, in one of three scripts.
    fn written(&mut self, groups: &[String]) -> String {
        let separator = self.pick(&[
            "-",
            "-",
            " ",
            "",
            "\u{2013}",
            " - ",
            "\u{200c}",
            "\u{a0}",
            "\u{2011}",
            "-\u{200f}",
        ]);
        let mut text = groups.join(separator);
        if self.below(8) == 0 {
            let all = groups.concat();
            let at = 2 + self.below(all.len() - 4);
            text = format!("{} {}", all.get(..at).unwrap(), all.get(at..).unwrap());
        }
        let zero = match self.below(4) {
            0 => '\u{6f0}',
            1 => '\u{660}',
            _ => '0',
        };
        text.chars()
            .map(|c| match c.to_digit(10) {
                Some(digit) => char::from_u32(u32::from(zero) + digit).unwrap(),
                None => c,
            })
            .collect()
    }

    fn identity_card(&mut self) -> (String, String, String) {
        let groups = [
            format!("{}{}", 1 + self.below(7), self.digits(4)),
            self.digits(7),
            self.digits(1),
        ];
        let before = self
            .pick(&[
                "",
                "CNIC ",
                "CNIC No. ",
                "شناختی کارڈ نمبر ",
                "holder of ",
                "NIC:",
            ])
            .to_owned();
        (before, self.written(&groups), String::new())
    }

    fn phone(&mut self) -> (String, String, String) {
        let network = format!("3{}{}", self.below(5), self.below(10));
        let subscriber = self.digits(7);
        let groups = match self.below(6) {
            0 => vec!["+92".to_owned(), network, subscriber],
            1 => vec!["0092".to_owned(), network, subscriber],
            2 => vec!["92".to_owned() + &network, subscriber],
            3 => {
                let area = self
                    .pick(&["042", "021", "051", "091", "081", "061", "041"])
                    .to_owned();
                return (
                    "office ".to_owned(),
                    format!("{area}-3{}", self.digits(7)),
                    String::new(),
                );
            }
            _ => vec!["0".to_owned() + &network, subscriber],
        };
        let before = self
            .pick(&["", "Mob ", "Cell: ", "contact ", "فون ", "رابطہ نمبر "])
            .to_owned();
        (before, self.written(&groups), String::new())
    }

    fn relation(&mut self, urdu: bool) -> (String, String, String) {
        let (names, marker, lead, tail) = if urdu {
            (
                [self.pick(&GIVEN_URDU), self.pick(&GIVEN_URDU)],
                self.pick(&RELATIONS_URDU),
                self.pick(&["", "دکان ملکیتی ملزم ", "ملزم ", "مکان مسمی "]),
                self.pick(&["", " سکنہ", " کی دکان", " کے گھر"]),
            )
        } else {
            (
                [self.pick(&GIVEN), self.pick(&GIVEN)],
                self.pick(&RELATIONS),
                self.pick(&["", "shop of ", "accused ", "house of "]),
                self.pick(&["", " near bazaar", " of Bara", " at Rawat"]),
            )
        };
        let secret = format!("{} {marker} {}", names[0], names[1]);
        // A residence marker belongs to the name before it.
        let (secret, tail) = if tail == " سکنہ" {
            (secret + tail, "")
        } else {
            (secret, tail)
        };
        (lead.to_owned(), secret, tail.to_owned())
    }

    fn led_name(&mut self, urdu: bool) -> (String, String, String) {
        if urdu {
            let lead = self.pick(&["مسماۃ ", "مسمی ", "ملزم "]).to_owned();
            (
                lead,
                self.pick(&GIVEN_URDU[..5]).to_owned(),
                " کو".to_owned(),
            )
        } else {
            let lead = self.pick(&["Mst. ", "Mr. ", "Mrs ", "accused "]).to_owned();
            (lead, self.pick(&GIVEN[..4]).to_owned(), String::new())
        }
    }

    fn account(&mut self) -> (String, String, String) {
        let secret = match self.below(5) {
            0 => format!("PK36SCBL{}", self.digits(16)),
            1 => format!(
                "PK36 HABB {} {} {} {}",
                self.digits(4),
                self.digits(4),
                self.digits(4),
                self.digits(4)
            ),
            2 => format!("AB{}", self.digits(7)),
            3 => format!("35{}", self.digits(13)),
            _ => self.digits(14),
        };
        (
            self.pick(&["account ", "", "IBAN "]).to_owned(),
            secret,
            String::new(),
        )
    }

    fn plate(&mut self) -> (String, String, String) {
        let number = format!("{}{}", 1 + self.below(9), self.digits(2));
        let secret = match self.below(4) {
            0 => format!("LEA-{number}4"),
            1 => format!("LHR 07 1{number}"),
            2 => format!("ABC-{number}"),
            _ => format!("ICT-LA {number}"),
        };
        (
            self.pick(&["car ", "truck No. ", "", "گاڑی نمبر "])
                .to_owned(),
            secret,
            String::new(),
        )
    }

    fn online(&mut self) -> (String, String, String) {
        let secret = match self.below(5) {
            0 => format!("aslam{}@gmail.com", self.digits(3)),
            1 => format!("https://www.facebook.com/aslam.{}", self.digits(4)),
            2 => format!("@raja_{}", self.digits(3)),
            3 => "1BoatSLRHtKNngkdXEeobR76b53LETtpyT".to_owned(),
            _ => "0x52908400098527886E0F7030069857D2E4169EE7".to_owned(),
        };
        (String::new(), secret, String::new())
    }
}
