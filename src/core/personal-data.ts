import { MASK } from "./mask-text.ts";

/** Personal data that can be told by its form. */
export type PersonalKind = "email" | "phone" | "card" | "iban";

/** `ö` is a letter of names too; the program `git` is nobody's name (`git@github.com:owner/repository`). */
const EMAIL =
  /(?<![\p{L}\p{N}._%+-])(?!git@)[\p{L}\p{N}_%+-][\p{L}\p{N}._%+-]{0,63}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}-])/gu;

/**
 * With a country's code, or as North America writes them; a number without any sign that it is one may be anything.
 * Separators stand alone between digits.
 */
const PHONE =
  /(?<![\w+.-])(?:\+[1-9](?:[ ./-]?(?:\(\d{1,4}\)|\d)){7,17}|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4})(?![\w]|[.-]\d)/g;

/** Of cards: 13 to 19 digits in a row or in groups. */
const DIGITS = /(?<![\w.+-])[2-6]\d{2,5}(?:([ -])\d{4,7}(?:\1\d{1,7}){0,3}|\d{7,13})(?![\w]|[.-]\d)/g;

/** What issuers begin their numbers with, and how long those are (ISO/IEC 7812). */
const CARD_NUMBER =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0689]\d{12}|35\d{14,17}|(?:5[0678]|6)\d{11,17})$/;

/** At most 34 characters, in groups of four where there are groups. */
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}/gi;

/** How long an IBAN is, by country: https://www.swift.com/swift-resource/9606/download */
const IBAN_LENGTHS = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 " +
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/**
 * Masks e-mail addresses, phone numbers, payment cards (with Luhn's check digit) and IBANs (with theirs); the text
 * around them stays. Time is linear in the length of a line.
 *
 * @param onMasked told of each.
 */
export function maskPersonal(line: string, onMasked?: (kind: PersonalKind) => void): string {
  const mask = (kind: PersonalKind) => {
    onMasked?.(kind);
    return MASK;
  };
  let masked = line;
  if (masked.includes("@")) masked = masked.replace(EMAIL, () => mask("email"));
  if (!/\d{2}/.test(masked)) return masked;
  masked = masked.replace(IBAN, (found) => {
    const length = ibanAt(found);
    return length === 0 ? found : `${mask("iban")}${found.slice(length)}`;
  });
  masked = masked.replace(DIGITS, (found) => (isCard(found) ? mask("card") : found));
  return masked.replace(PHONE, (found) => (isPhone(found) ? mask("phone") : found));
}

/** How many characters of the text an IBAN takes from its beginning on; 0 for none. */
function ibanAt(text: string): number {
  const length = IBAN_LENGTHS.get(text.slice(0, 2).toUpperCase());
  if (length === undefined) return 0;
  let taken = 0;
  let iban = "";
  while (iban.length < length && taken < text.length) {
    const character = text[taken++] ?? "";
    if (character !== " ") iban += character.toUpperCase();
  }
  const goesOn = /^[A-Za-z0-9]/.test(text.slice(taken));
  return iban.length === length && !goesOn && isIban(iban) ? taken : 0;
}

/** ISO 7064, modulo 97: letters count from 10 on, and the first four characters stand at the end. */
function isIban(iban: string): boolean {
  let rest = 0;
  for (const character of `${iban.slice(4)}${iban.slice(0, 4)}`) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  if (!CARD_NUMBER.test(digits)) return false;
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 15;
}
