import { Buffer } from "node:buffer";

/** A way in which a secret gets into what a program prints. */
export interface PrintedSecret {
  readonly name: string;
  /** What the program prints, byte for byte. */
  readonly printed: string;
  /** None of these may be found anywhere afterwards. */
  readonly secrets: readonly string[];
  /** Text around it that stays as it is in the log. */
  readonly kept: readonly string[];
}

/** Secrets that nothing about the text itself gives away: the program has to know their values. */
export const KNOWN_VALUES = {
  environment: "plain-Looking/Value+42 ö",
  parameter: "correct-horse-battery-staple",
  stageEnvironment: "swordfish of the stage",
  output: "handed-on-between-stages",
  header: "header-of-the-backend",
  password: "password-of-the-gateway",
} as const;

/** Made up anew from letters, so that no scanner of repositories takes them for real ones. */
const letters = (length: number, seed: string): string =>
  Buffer.from(seed.repeat(length)).toString("hex").slice(0, length);
export const githubToken = (seed: string): string => `ghp_${letters(36, seed)}`;

const line = (
  name: string,
  before: string,
  secret: string,
  after: string,
  kept: readonly string[],
): PrintedSecret => ({
  name,
  printed: `${before}${secret}${after}\n`,
  secrets: [secret],
  kept,
});

const { environment, parameter, stageEnvironment, output, header, password } = KNOWN_VALUES;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const pemBody = ["A", "B", "C"].map((seed) => base64(seed.repeat(48)));
const key = (kind: string): string => ["-----BEGIN ", kind, "PRIVATE KEY-----"].join("");

export const printedSecrets: readonly PrintedSecret[] = [
  line("a key by its shape", "01 pushing with ", githubToken("a"), " to origin", [
    "01 pushing with ",
    " to origin",
  ]),
  line("an Authorization header", "02 Authorization: Bearer ", letters(24, "b"), "", [
    "02 Authorization: Bearer ",
  ]),
  line("the header in capitals", "03 AUTHORIZATION: BEARER ", letters(24, "c"), "", ["03 AUTHORIZATION:"]),
  line("the header in small letters", "04 > authorization: basic ", base64("user:pass-d-word"), "", [
    "04 > authorization: basic ",
  ]),
  line("a proxy's header", "05 proxy-authorization: Basic ", base64("proxy:pass-e-word"), "", [
    "05 proxy-authorization: Basic ",
  ]),
  line("JSON", '06 {"user":"ann","password":"', "pa55-in-json", '","port":5432}', [
    '06 {"user":"ann","password":"',
    '","port":5432}',
  ]),
  line("JSON within JSON", '07 {"body":"{\\"apiKey\\":\\"', "nested-key-f00", '\\"}"}', ['07 {"body":']),
  line("a URL with a password", "08 cloning https://ann:", "pa55-in-url", "@git.example.org/x.git", [
    "08 cloning https://ann:",
    "@git.example.org/x.git",
  ]),
  line("a URL with a token alone", "09 https://", letters(32, "g"), "@example.org/y", [
    "09 https://",
    "@example.org/y",
  ]),
  line("a URL's query", "10 GET /cb?state=ok&access_token=", "query-secret-h1", "&page=2", [
    "10 GET /cb?state=ok&access_token=",
    "&page=2",
  ]),
  line("a trace of set -x", "11 + login --user ann --password ", "pa55-in-trace", " --region eu", [
    "11 + login --user ann --password ",
    " --region eu",
  ]),
  line("a flag with =", "12 + deploy --api-key=", "flag-secret-i9", " --dry-run", [
    "12 + deploy --api-key=",
    " --dry-run",
  ]),
  line("an export", "13 export NPM_TOKEN=", "npm-secret-j8", "", ["13 export NPM_TOKEN="]),
  line("quoted with blanks", "14 DB_PASSWORD='", "pass with blanks", "' psql", [
    "14 DB_PASSWORD='",
    "' psql",
  ]),
  line("YAML", "15   client_secret: ", "yaml-secret-k7", "", ["15   client_secret: "]),
  line("a cookie", "16 Set-Cookie: ", "sid=cookie-secret-l6", "", ["16 Set-Cookie: "]),
  line(
    "a JSON Web Token",
    "17 jwt ",
    `eyJ${letters(20, "m")}.eyJ${letters(20, "n")}.${letters(30, "o")}`,
    " ok",
    ["17 jwt ", " ok"],
  ),
  line("an AWS key", "18 key id ", "AKIAQWERTYUIOPASDFGH", ".", ["18 key id "]),
  line("a Slack hook", "19 https://hooks.slack.com/services/", "T000/B000/abcdefgh12345678", "", [
    "19 https://hooks.slack.com/services/",
  ]),
  line("curl -u", "20 + curl -u ann:", "pa55-of-curl", " https://example.org", [
    "20 + curl -u ann:",
    " https://example.org",
  ]),
  line("in colour", "21 \u001b[32mtoken=\u001b[1m", githubToken("p"), "\u001b[0m done", ["21 ", " done"]),
  line("name in colour", "22 \u001b[33mSECRET_KEY\u001b[0m=\u001b[36m", "coloured-secret-q5", "\u001b[0m", [
    "22 ",
  ]),
  {
    name: "a private key over many lines",
    printed: `23 before\n${key("RSA ")}\n${pemBody.join("\n")}\n${key("RSA ").replace("BEGIN", "END")}\n23 after\n`,
    secrets: pemBody,
    kept: ["23 before", "23 after"],
  },
  {
    name: "a private key in one line",
    printed: `24 {"key":"${key("")}\\n${base64("Z".repeat(48))}\\n${key("").replace("BEGIN", "END")}\\n"} end\n`,
    secrets: [base64("Z".repeat(48))],
    kept: ["24 "],
  },
  {
    name: "at the end of a line of 60 kB",
    printed: `25 ${"x ".repeat(30_000)}token=${githubToken("r")} end\n`,
    secrets: [githubToken("r")],
    kept: ["25 x x"],
  },
  {
    name: "across the place where a long line is cut",
    printed: `26 ${"y ".repeat(32_755)}password=${githubToken("s")} ${"z ".repeat(3000)}end\n`,
    secrets: [githubToken("s").slice(0, 16), githubToken("s").slice(-16)],
    kept: ["26 y y"],
  },
  line("with a carriage return", "27 fetching\r27 token: ", githubToken("t"), "\r27 done", [
    "27 fetching",
    "27 done",
  ]),
  line("a variable's value", "28 it is ", environment, " indeed", ["28 it is ", " indeed"]),
  line("that in base64", "29 b64 ", base64(environment), " end", ["29 b64 ", " end"]),
  line("that in base64 with a user", "30 basic ", base64(`ann:${environment}`), " end", [
    "30 basic ",
    " end",
  ]),
  line("that URL-encoded", "31 url ", encodeURIComponent(environment), " end", ["31 url ", " end"]),
  line("that in JSON", "32 json ", JSON.stringify(environment).slice(1, -1), " end", ["32 json ", " end"]),
  line("a secret parameter's value", "33 got ", parameter, " from you", ["33 got ", " from you"]),
  line("that in base64", "34 got ", base64(parameter), " from you", ["34 got ", " from you"]),
  line("a secret of the stage's env", "35 env ", stageEnvironment, " seen", ["35 env ", " seen"]),
  line("a secret output of another stage", "36 out ", output, " seen", ["36 out ", " seen"]),
  line("a header of the settings", "37 header ", header, " sent", ["37 header ", " sent"]),
  line("a password of the settings", "38 with ", password, " sent", ["38 with ", " sent"]),
  // The last one: it has no line end.
  {
    name: "without a line end",
    printed: `40 token=${githubToken("u")}`,
    secrets: [githubToken("u")],
    kept: ["40 token="],
  },
];
