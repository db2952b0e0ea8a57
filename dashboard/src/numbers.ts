// Numbers as people read them. English separators, whatever the browser's language, because the page is in English.

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A count with thousands separators. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** “1 record”, “2 records”. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A fraction of one as a percentage; a small one is never rounded down to nothing. */
export function percentage(share: number): string {
  if (share > 0 && share < 0.001) return "less than 0.1%";
  return `${(share * 100).toFixed(1)}%`;
}

/** A measured or expected quantity: two decimals below ten, one below a hundred, none above. */
export function quantity(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return count(value);
  return value.toFixed(size >= 10 ? 1 : 2).replace("-", "−");
}

/** A p- or q-value: four decimals, or a power of ten below that. */
export function probability(value: number): string {
  if (value === 0) return "below what a computer can hold";
  if (value >= 0.0001) return value.toFixed(4);
  const [mantissa = "", exponent = ""] = value.toExponential(1).split("e-");
  const digits = [...exponent].map((digit) => SUPERSCRIPTS[Number(digit)] ?? digit).join("");
  return `${mantissa} × 10⁻${digits}`;
}
