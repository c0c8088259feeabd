/**
 * Whether a name says that its value is a secret: of an environment variable, a flag, a key in JSON or YAML, a
 * header, a query parameter; in any spelling (`API_KEY`, `apiKey`, `x-api-key`). What is public by its name
 * (`PUBLIC_KEY`) or tells about a secret (`TOKEN_FILE`, `AUTH_TYPE`, `SSH_AUTH_SOCK`) is none.
 */
export function isSecretName(name: string): boolean {
  if (!SIGN.test(name)) return false;
  const words = wordsOf(name);
  const last = words.at(-1);
  if (last === undefined || ABOUT_A_SECRET.has(last)) return false;
  if (words.some((word) => SECRET_WORD.test(word))) return true;
  const before = words.at(-2);
  if (before === undefined) return false;
  // `PWD` and `OLDPWD` are directories, `pass` alone is what a test does.
  if (last === "PASS" || last === "PWD" || last === "PAT") return before !== "OLD";
  if (words.some((word, at) => KEY_WORD.test(word) && SECRET_KEYS.has(words[at - 1] ?? ""))) return true;
  return last === "KEY" && !HARMLESS_KEYS.has(before);
}

/** One of these is in every name that tells of a secret; the source of a pattern in any case. */
export const nameSigns = "token|secret|pass|pwd|key|credential|creds|auth|cookie|bearer|jwt|otp|pat|sig";

const SIGN = new RegExp(nameSigns, "i");

/** A name that is but one word of prose, such as `token`: what follows it may be prose as well. */
export function isPlainWord(name: string): boolean {
  return /^(?:token|auth|cookie|cookies|bearer|jwt|credentials?|creds|secrets|key)$/i.test(name);
}

/** The value may be anything, a number too. */
export function isPasswordName(name: string): boolean {
  return /pass(?:word|wd|phrase|code)?$|pwd$|secret$/i.test(name);
}

/** `apiKey`, `APIKey`, `api-key` and `API_KEY` are API and KEY. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== "");
}

const SECRET_WORD =
  /^(?:O?AUTH|AUTHORIZATION|BEARER|COOKIES?|JWT|OTP|CREDS)$|(?:TOKEN|SECRETS?|PASSWORDS?|PASSWD|PASSCODE|PASSPHRASE|APIKEYS?|ACCESSKEY|PRIVATEKEY|SECRETKEY|CREDENTIALS?)$/;

const KEY_WORD = /^KEYS?$/;

/** Kinds of keys that are secret whatever follows: `AWS_ACCESS_KEY_ID` is masked too. */
const SECRET_KEYS = new Set(
  "API ACCESS PRIVATE SECRET SIGNING ENCRYPTION MASTER ACCOUNT DEPLOY STORAGE SHARED SSH GPG".split(" "),
);

const HARMLESS_KEYS = new Set(
  (
    "PUBLIC PUBLISHABLE PRIMARY FOREIGN SORT PARTITION CACHE HOST KNOWN INDEX ROW ITEM MAP GROUP ROUTING OBJECT " +
    "REGISTRY UNIQUE COMPOSITE DUPLICATE MISSING DICT FOR BY THE A NO PARENT TRANSLATION GROUPING ARROW ANY S3"
  ).split(" "),
);

const ABOUT_A_SECRET = new Set(
  (
    "FILE FILES PATH DIR SOCK SOCKET NAME NAMES URL URI ENDPOINT HOST PORT TYPE METHOD MODE HEADER TTL EXPIRY " +
    "EXPIRES EXPIRATION TIMEOUT LENGTH SIZE COUNT LIMIT BUDGET VERSION ENABLED DISABLED REQUIRED POLICY PROVIDER " +
    "STDIN ENV FORMAT COMMAND CMD HELPER STORE SCOPE SCOPES USER USERNAME EMAIL REGION ALGORITHM ISSUER AUDIENCE " +
    "DOMAIN IN AT ERROR ERRORS TOKENS"
  ).split(" "),
);
