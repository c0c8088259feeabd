/** Characters that HFS+ passes over when it compares names, and that no screen shows. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

const isAscii = (text: string) => /^[ -~]*$/.test(text);

/**
 * A name as the most forgiving file system compares it: without regard to case, to composed and decomposed
 * letters, to compatibility forms and to what cannot be seen. Two names that some system takes for one are equal
 * here; on a system that tells `Frontend` and `frontend` apart, both count as restricted.
 */
export function foldName(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return text.replace(INVISIBLE, "").normalize("NFKC").toUpperCase().toLowerCase().normalize("NFC");
}
