import { MASK } from "./mask-text.ts";

/**
 * Not within a word; the `m` at the end of a terminal's colour code is none. What follows is a secret also when
 * it is printed in colour.
 */
const WORD_START = "(?<![A-Za-z0-9](?<!\\x1b\\[[0-9;]{0,12}m))";

/**
 * A secret that gives itself away. Groups are kept, all else of a match goes. Every pattern begins with a text
 * that stands fast, and no two of its repetitions can match the same text: time stays linear.
 */
interface Shape {
  /** Texts of which one is in every match: a line without any is not looked at. */
  readonly signs: readonly string[];
  readonly pattern: RegExp;
  /** Kept before and after the mask. */
  readonly replacement?: string;
}

const shape = (signs: string, pattern: string, replacement: string = MASK): Shape => ({
  signs: signs.split(" "),
  pattern: new RegExp(pattern, "g"),
  replacement,
});

/** Of a command, quoted or not. */
const ARGUMENT = "(?:\"[^\"]*\"|'[^']*'|\\S+)";

/** As their issuers document them, and as secret scanners look for them. */
const shapes: readonly Shape[] = [
  // OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse's secret key: words with dashes alone are something else.
  shape("sk-", `${WORD_START}sk-(?=[\\w-]{0,60}\\d)[\\w-]{16,}`),
  shape("AKIA ASIA ABIA ACCA", "(?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Z0-9])"),
  shape("ghp_ gho_ ghu_ ghs_ ghr_", "gh[pousr]_\\w{20,}"),
  shape("github_pat_", "github_pat_\\w{20,}"),
  shape(
    "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat-",
    "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[\\w-]{16,}(?:\\.[\\w-]+)*",
  ),
  shape("xox", "xox[abeoprs]-[\\w-]{10,}"),
  shape("xapp-", "xapp-[\\w-]{10,}"),
  shape("hooks.slack.com", "(hooks\\.slack\\.com/(?:services|workflows|triggers)/)[\\w/-]+", `$1${MASK}`),
  shape("/api/webhooks/", "(/api/webhooks/)\\d+/[\\w-]+", `$1${MASK}`),
  shape("AIza", "AIza[\\w-]{30,}"),
  shape("ya29.", "ya29\\.[\\w.-]{20,}"),
  shape("GOCSPX-", "GOCSPX-[\\w-]{20,}"),
  shape("1//0", `${WORD_START}1//0[\\w-]{30,}`),
  shape("k_live_ k_test_", "[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
  shape("whsec_", "whsec_[A-Za-z0-9+/=]{16,}"),
  shape("npm_", "npm_[A-Za-z0-9]{30,}"),
  shape("pypi-", "pypi-[\\w-]{40,}"),
  shape("hf_", `${WORD_START}hf_[A-Za-z0-9]{20,}`),
  shape("SG.", `${WORD_START}SG\\.[\\w-]{16,64}\\.[\\w-]{16,}`),
  shape("SK", `${WORD_START}SK[0-9a-f]{32}(?![0-9A-Za-z])`),
  // JSON Web Tokens, signed, unsigned or encrypted.
  shape("eyJ", "(?<![\\w-](?<!\\x1b\\[[0-9;]{0,12}m))eyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*){0,3}"),
  shape("dop_v1_ doo_v1_ dor_v1_", "do[opr]_v1_[0-9a-f]{32,}"),
  shape("shpat_ shpca_ shppa_ shpss_", "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
  shape("dapi", `${WORD_START}dapi[0-9a-f]{32}`),
  shape("lin_api_", "lin_api_[A-Za-z0-9]{30,}"),
  shape("ntn_ secret_", `${WORD_START}(?:ntn|secret)_[A-Za-z0-9]{40,}`),
  shape("glsa_", "glsa_\\w{30,}"),
  shape("glc_", "glc_[A-Za-z0-9+/=]{30,}"),
  shape("hvs. hvb. hvr.", `${WORD_START}hv[sbr]\\.[\\w-]{20,}`),
  shape("ATATT3", "ATATT3[\\w=-]{20,}"),
  shape("dckr_pat_", "dckr_pat_[\\w-]{20,}"),
  shape(":AA", "(?<!\\d)\\d{8,10}:AA[\\w-]{33}"),
  shape("gsk_", `${WORD_START}gsk_[A-Za-z0-9]{30,}`),
  shape("xai-", `${WORD_START}xai-[A-Za-z0-9]{30,}`),
  shape("r8_", `${WORD_START}r8_[A-Za-z0-9]{30,}`),
  shape("pplx-", `${WORD_START}pplx-[A-Za-z0-9]{30,}`),
  shape("key-", `${WORD_START}key-[0-9a-f]{32}(?![0-9A-Za-z])`),
  shape("AGE-SECRET-KEY-", "AGE-SECRET-KEY-1[A-Z0-9]{40,}"),
  shape("sntrys_ sntryu_", "sntry[su]_[\\w+/=]{30,}"),
  shape("tskey-", "tskey-[\\w-]{16,}"),
  shape("rubygems_", "rubygems_[0-9a-f]{40,}"),
  shape("pul-", `${WORD_START}pul-[0-9a-f]{40}`),
  // A password in a URL: up to the last `@` before the path; one that holds a slash, which is no port, too.
  shape(
    "://",
    "(://[^\\s:@/\"'<>]{0,256}:)(?!\\d{0,5}(?:[/?#\\s\"'<>]|$))(?:[^\\s/?#\"'<>]{1,512}|[^\\s@\"'<>]{1,512})@",
    `$1${MASK}@`,
  ),
  // A token as the user of a URL.
  shape("://", "(://)[\\w.~%-]{20,256}@", `$1${MASK}@`),
  shape("earer", "(\\b[Bb]earer\\s{1,4})(?!\\*)[\\w.~+/=-]{16,}", `$1${MASK}`),
  shape(
    "curl",
    "(\\bcurl\\b.{0,512}?\\s(?:-u|--user|--proxy-user)[ =]?[\"']?[^\\s:\"'-]{1,128}:)[^\\s\"']+",
    `$1${MASK}`,
  ),
  shape("sshpass", `(\\bsshpass\\s{1,4}-p\\s{0,4})${ARGUMENT}`, `$1${MASK}`),
  shape("mysql", `(\\bmysql(?:dump|admin)?\\b.{0,256}?\\s-p)(?![\\s-])${ARGUMENT}`, `$1${MASK}`),
  shape("redis-cli", `(\\bredis-cli\\b.{0,256}?\\s-a\\s{1,4})${ARGUMENT}`, `$1${MASK}`),
  shape("pass:", `(-pass(?:in|out)?\\s{1,4}pass:)${ARGUMENT}`, `$1${MASK}`),
  shape(
    "configure",
    `(configure set aws_(?:secret_access_key|session_token)\\s{1,4})${ARGUMENT}`,
    `$1${MASK}`,
  ),
  // A line of .netrc.
  shape("login", "(\\blogin\\s{1,8}\\S{1,256}\\s{1,8}password\\s{1,8})\\S+", `$1${MASK}`),
  // SQL.
  shape("PASSWORD IDENTIFIED", "(\\b(?:PASSWORD|IDENTIFIED BY)\\s{1,4}')[^']+", `$1${MASK}`),
  // A workflow command of GitHub Actions.
  shape("::add-mask::", "(::add-mask::).+", `$1${MASK}`),
];

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** The signs of all shapes, as the source of a pattern. */
export const shapeSigns = [...new Set(shapes.flatMap(({ signs }) => signs))].map(literal).join("|");

/** Masks what looks like a secret by itself. One line. @param onMasked told of each. */
export function maskShapes(line: string, onMasked?: () => void): string {
  let masked = line;
  for (const { signs, pattern, replacement } of shapes) {
    if (!signs.some((sign) => masked.includes(sign))) continue;
    // What is masked already may have the same shape.
    if (onMasked !== undefined)
      for (const [found] of masked.matchAll(pattern)) if (!found.includes(MASK)) onMasked();
    masked = masked.replace(pattern, replacement ?? MASK);
  }
  return masked;
}
