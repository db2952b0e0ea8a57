// What the page says, in both languages. What a code means comes from the service.

/** A language of the page. */
export type Language = "en" | "ur";

const WORDS = {
  subtitle: { en: "Send a file and learn of every row what became of it", ur: "فائل بھیجیں اور ہر سطر کا نتیجہ جانیں" },
  language: { en: "Language", ur: "زبان" },
  key: { en: "Key (kept until this page is closed)", ur: "کلید (صرف اس صفحے کے کھلے رہنے تک)" },
  profile: { en: "What the file is", ur: "فائل کی قسم" },
  choose: { en: "choose", ur: "منتخب کریں" },
  columns: { en: "Columns that are needed: ", ur: "ضروری کالم: " },
  file: { en: "The file: choose it or drop it here", ur: "فائل منتخب کریں یا یہاں چھوڑیں" },
  tryOut: { en: "Try it out", ur: "آزما کر دیکھیں" },
  commit: { en: "Send it", ur: "بھیجیں" },
  giveUp: { en: "Give up", ur: "منسوخ کریں" },
  sending: { en: "The file is being sent.", ur: "فائل بھیجی جا رہی ہے۔" },
  working: { en: "The file is being read.", ur: "فائل پڑھی جا رہی ہے۔" },
  tried: { en: "This is what would happen. Nothing is stored yet.", ur: "یہ ہو گا۔ ابھی کچھ محفوظ نہیں ہوا۔" },
  taken: { en: "The file was taken.", ur: "فائل وصول ہو گئی۔" },
  held: { en: "The file is stored and held: it is shown to nobody until it is released.", ur: "فائل محفوظ ہے مگر روک لی گئی ہے۔" },
  dismissed: { en: "Given up. Nothing is stored.", ur: "منسوخ۔ کچھ محفوظ نہیں ہوا۔" },
  refused: { en: "The file was refused.", ur: "فائل مسترد کر دی گئی۔" },
  rows: { en: "Rows", ur: "سطریں" },
  accepted: { en: "Accepted", ur: "منظور" },
  warned: { en: "with a warning", ur: "تنبیہ کے ساتھ" },
  rejected: { en: "Rejected", ur: "مسترد" },
  duplicate: { en: "Repeated", ur: "دہرائی گئی" },
  skipped: { en: "Skipped", ur: "چھوڑی گئی" },
  code: { en: "Code", ur: "کوڈ" },
  count: { en: "Rows", ur: "سطریں" },
  where: { en: "Columns", ur: "کالم" },
  row: { en: "Row", ur: "سطر" },
  meaning: { en: "What it means, and what to do", ur: "مطلب، اور کیا کریں" },
  firstErrors: { en: "The first of them", ur: "ان میں سے پہلی" },
  download: { en: "Download the result file", ur: "نتیجے کی فائل ڈاؤن لوڈ کریں" },
  map: { en: "To the map", ur: "نقشے پر جائیں" },
} as const;

/** A thing that the page says. */
export type Word = keyof typeof WORDS;

/** How it is said. */
export function say(word: Word, language: Language): string {
  return WORDS[word][language];
}
