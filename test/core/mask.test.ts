import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMasker } from "../../src/core/mask.ts";

const masker = createMasker({ secretValues: [] });

/** Put together here, so that no scanner takes this file for a leak. */
const a = (length: number, alphabet = "aB3dE6gH9jK2mN5pQ8") => alphabet.repeat(10).slice(0, length);
const hex = (length: number) => a(length, "0123456789abcdef");

/** Secret, and the line around it with `@@` in its place. */
const secrets: readonly (readonly [what: string, secret: string, line: string])[] = [
  ["OpenAI", `sk-${a(48)}`, "using @@ for the call"],
  ["OpenAI, of a project", `sk-proj-${a(60)}-_${a(20)}`, "Incorrect API key provided: @@."],
  ["OpenAI, of a service account", `sk-svcacct-${a(60)}`, "(@@)"],
  ["Anthropic", `sk-ant-api03-${a(80)}`, "key @@, rejected"],
  ["OpenRouter", `sk-or-v1-${hex(64)}`, "'@@'"],
  ["Langfuse", "sk-lf-01234567-89ab-cdef-0123-456789abcdef", "langfuse @@ pk-lf-01234567-89ab"],
  ["AWS access key id", `AKIA${a(16, "ABCDEFGH234567")}`, "id @@ in use"],
  ["AWS session key id", `ASIA${a(16, "ABCDEFGH234567")}`, "id @@ in use"],
  ["AWS secret key", `${a(20)}/${a(19)}`, "aws_secret_access_key = @@"],
  ["AWS secret key in JSON", `/${a(39)}`, '  "SecretAccessKey": "@@",'],
  ["AWS session token", `IQoJ${a(80)}==`, "AWS_SESSION_TOKEN=@@ aws s3 ls"],
  ["GitHub, personal", `ghp_${a(36)}`, "remote: @@ is invalid"],
  ["GitHub, OAuth", `gho_${a(36)}`, "x@@"],
  ["GitHub, user to server", `ghu_${a(36)}`, "@@"],
  ["GitHub, server to server", `ghs_${a(36)}`, "::debug::@@"],
  ["GitHub, refresh", `ghr_${a(76)}`, "@@ expires"],
  ["GitHub, fine-grained", `github_pat_${a(22)}_${a(59)}`, "@@"],
  ["GitLab", `glpat-${a(20)}`, "git clone with @@ now"],
  ["Slack, bot", `xoxb-${hex(12)}-${hex(12)}-${a(24)}`, "posting as @@ to #ops"],
  ["Slack, app", `xapp-1-${a(40)}`, "@@"],
  ["Slack webhook", `T0${a(8)}/B0${a(8)}/${a(24)}`, "POST https://hooks.slack.com/services/@@ 200"],
  ["Google API key", `AIza${a(35)}`, "https://maps.example/api?v=3&k=@@&x=1"],
  ["Google OAuth", `ya29.${a(60)}`, "got @@ from metadata"],
  ["Stripe, secret", `sk_live_${a(24)}`, "stripe @@ pk_live_public"],
  ["Stripe, restricted", `rk_live_${a(24)}`, "stripe @@"],
  ["Stripe webhook", `whsec_${a(32)}`, "stripe @@"],
  ["npm", `npm_${a(36)}`, "//registry.npmjs.org/ uses @@ today"],
  ["npm in .npmrc", `${hex(8)}-${hex(4)}-abcd`, "//registry.npmjs.org/:_authToken=@@"],
  ["PyPI", `pypi-AgEIcHlwaS5vcmc${a(80)}`, "twine upload -u __token__ @@"],
  ["Hugging Face", `hf_${a(34)}`, "login @@"],
  ["SendGrid", `SG.${a(22)}.${a(43)}`, "mail @@"],
  ["Twilio", `SK${hex(32)}`, "twilio @@"],
  ["JSON Web Token", `eyJhbGciOi${a(20)}.eyJzdWIi${a(40)}.${a(43)}`, "session @@ accepted"],
  ["DigitalOcean", `dop_v1_${hex(64)}`, "doctl @@"],
  ["Grafana", `glsa_${a(32)}_${hex(8)}`, "grafana @@"],
  ["Vault", `hvs.${a(90)}`, "vault @@"],
  ["Docker Hub", `dckr_pat_${a(27)}`, "docker @@"],
  ["Telegram", `1234567890:AA${a(33)}`, "bot @@"],
  ["password in a URL", "p4ss:w@rd!", "postgres://app:@@@db.internal:5432/app?sslmode=require"],
  ["password with a slash in a URL", "pa/ss", "connect to amqp://app:@@@queue/vhost failed"],
  ["password without a user in a URL", "hunter2", "redis://:@@@cache:6379/0"],
  ["token as the user of a URL", a(40), "git clone https://@@@github.com/o/r.git"],
  ["bearer header", a(24), "> Authorization: Bearer @@"],
  ["basic header, lower case", "YXBwOmh1bnRlcjI=", "authorization: Basic @@"],
  ["header of a scheme of its own", a(12), "AUTHORIZATION: GenieKey @@"],
  ["header without a scheme", "abc", "Authorization: @@"],
  ["header in a command", a(24), `curl -H "Authorization: Bearer @@" https://api.example/v1`],
  ["header in JSON", a(24), '{"authorization": "Bearer @@", "accept": "*/*"}'],
  ["signed AWS request", "Credential=x/y, Signature=abc", "Authorization: AWS4-HMAC-SHA256 @@"],
  ["bearer in prose", a(20), "sent Bearer @@, got 401"],
  ["x-api-key", "k1", "x-api-key: @@"],
  ["x-api-key in JSON", "k1", '"X-Api-Key":["@@"]'],
  ["cookie", "sid=abc; theme=dark", "Cookie: @@"],
  ["set-cookie", "sid=abc; Path=/; HttpOnly", "< set-cookie: @@"],
  ["flag and value", "hunter2", "mysqldump --password @@ --all"],
  ["flag with a quoted value", "correct horse", "tool --passphrase '@@' file"],
  ["flag with =", "abc123", "deploy --token=@@ --force"],
  ["flag in a list", "hunter2", `[ 'login', '--password', '@@', '-v' ]`],
  ["flag of curl", "hunter2", "curl -s -u admin:@@ https://example.com"],
  ["assignment", "hunter2", "password=@@"],
  ["assignment with odd characters", `a,b;c&d"e'f`, "DB_PASSWORD=@@"],
  ["number as a password", "1234", "PASSWORD=@@"],
  ["assignment in quotes", `it\\"s; here`, `export API_KEY="@@"; echo`],
  ["assignment within quotes", "two words", "+ export 'API_KEY=@@'"],
  ["query in quotes", "hunter2", "curl -d 'user=x&password=@@&y=1' https://h/"],
  ["element of a list", "abc", '{"Env":["TOKEN=@@","X=1"]}'],
  ["subscript", "abc", "os.environ['API_KEY'] = '@@'"],
  ["sshpass", "hunter2", "sshpass -p @@ ssh app@host"],
  ["mysql", "hunter2", "mysql -uroot -p@@ app"],
  ["redis-cli", "hunter2", "redis-cli -h cache -a @@ ping"],
  ["openssl", "hunter2", "openssl rsa -passin pass:@@ -in key.pem"],
  ["aws configure", "abc", "aws configure set aws_secret_access_key @@"],
  [".netrc", "hunter2", "machine api.example.com login me password @@"],
  ["SQL", "hunter2", "ALTER USER app WITH PASSWORD '@@';"],
  ["YAML", "s3cr3t", "  secret: @@"],
  ["camel case", "zzz", "{ clientSecret: '@@', id: 3 }"],
  ["escaped JSON", "hunter2", `body: "{\\"password\\":\\"@@\\",\\"a\\":1}"`],
  ["connection string", "hunter2", "Server=db;Uid=app;Password=@@;Database=x"],
  ["Azure storage", `${a(60)}==`, "AccountName=x;AccountKey=@@;EndpointSuffix=core"],
  ["query, key", "abc", "GET /v1/maps?key=@@&zoom=3 200"],
  ["query, token", "abc", "GET https://h/x?a=1&access_token=@@#top"],
  ["query, signature", "x%2Fy%3D", "https://h/x?sv=1&sig=@@"],
  ["XML", "hunter2", "<user>x</user><password>@@</password>"],
  ["in colour", `ghp_${a(36)}`, "\u001b[32m@@\u001b[0m"],
  ["assignment in colour", "hunter2", "\u001b[1mpassword\u001b[0m: \u001b[33m@@\u001b[0m"],
  [
    "key in one line",
    "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----",
    '"key": "@@\\n", "b": 1',
  ],
  ["GitHub's own way to mask", "hunter2", "::add-mask::@@"],
];

const harmless = [
  "commit 3f786850e387550fdab836ed7e6dc881de23001b (HEAD -> main, tag: v1.2.0)",
  "123e4567-e89b-12d3-a456-426614174000 is the run",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "integrity sha512-AbCdEf0123456789/+AbCdEf0123456789AbCdEf0123456789==",
  "/home/app/node_modules/.bin/vitest run test/core/token.test.ts",
  "https://registry.npmjs.org:443/@types/node/-/node-20.tgz",
  "http://localhost:9091/metrics/job/x?match=@all",
  "git@github.com:owner/repo.git",
  "ssh://git@github.com/owner/repo.git",
  "mail to dev@example.com: done at 10:24:03",
  "tokens: 1500, max_tokens=4096, tokenBudget: 2000",
  "Unexpected token: identifier (12:4)",
  "SyntaxError: Unexpected token } in JSON at position 3",
  "✓ auth: rejects a wrong password (12 ms)",
  "  password: string;",
  "const token = process.env.GITHUB_TOKEN",
  'curl -H "Authorization: Bearer $TOKEN" https://api.example',
  "docker login -u app --password-stdin",
  "tool --token <token>   the token to use",
  "pass --token to authenticate",
  "PASS src/pass.test.ts",
  "# pass 12",
  "pwd: /home/app",
  "PWD=/home/app OLDPWD=/tmp",
  "primary_key=id public_key: ssh-ed25519 cache_key=linux-node20",
  "src/token.ts:12:5 - error TS2304: Cannot find name 'x'",
  "FAIL test/password.test.ts: 3 failed",
  "OPENAI_API_KEY is not set; missing: DB_PASSWORD, API_KEY",
  "Cache not found for input keys: linux-npm-abc",
  "mysqldump -uroot -p",
  "keyboard: qwertz, keys: 4",
  "task-runner risk-assessment-of-everything-we-own disk-usage-report-2024",
  "sk-learn-contrib-and-other-packages",
  "-----BEGIN CERTIFICATE-----",
  "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ",
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
  "www-authenticate: Basic realm=registry",
  "author: Jane Doe, authority=example.com",
  "SSH_AUTH_SOCK=/run/user/1000/keyring/ssh",
  "Compiling tokio v1.38.0 (token::stream)",
  "coverage 91.3 % of 1204 lines: passed",
  "password: ***",
  "added 214 packages, and audited 215 packages in 3s",
  "npm_config_cache=/root/.npm npm_package_version=1.2.3",
  "2026-01-01T10:00:00.000Z INFO key=value pairs=3",
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "pk-lf-01234567-89ab-cdef-0123-456789abcdef",
  "",
];

describe("masked, and nothing around it", () => {
  test.each(secrets)("%s", (_, secret, line) => {
    expect(masker.text(line.replace("@@", () => secret))).toBe(line.replace("@@", "***"));
  });

  test.each(secrets)("%s, once more over what is masked", (_, secret, line) => {
    const masked = masker.text(line.replace("@@", () => secret));
    expect(masker.text(masked)).toBe(masked);
  });
});

test.each(harmless)("left as it is: %s", (line) => {
  expect(masker.text(line)).toBe(line);
});

describe("a private key over many lines", () => {
  const key = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "Proc-Type: 4,ENCRYPTED",
    "",
    `MIIE${a(60)}`,
    "AbC=",
    "-----END RSA PRIVATE KEY-----",
  ];

  test("is masked line by line, and what follows is seen", () => {
    const { mask } = masker.lines();
    expect(["before", ...key, "after"].map(mask)).toEqual(["before", ...key.map(() => "***"), "after"]);
  });

  test("in a text", () => {
    expect(masker.text(["a", ...key, "b"].join("\n"))).toBe(`a\n${"***\n".repeat(6)}b`);
  });

  test("in a log with prefixes", () => {
    const { mask } = masker.lines();
    const lines = key.map((line) => `web-1  | ${line}`);
    const masked = lines.map(mask);
    expect(masked.join("\n")).not.toContain("MIIE");
    expect(mask("web-1  | ready")).toBe("web-1  | ready");
  });

  test("streams do not mix", () => {
    const [one, other] = [masker.lines(), masker.lines()];
    one.mask("-----BEGIN PRIVATE KEY-----");
    expect(other.mask("hello there")).toBe("hello there");
  });

  test("a marker that is only quoted does not hide the rest of a log", () => {
    const { mask } = masker.lines();
    mask("error: expected -----BEGIN PRIVATE KEY----- at the start");
    const rest = Array.from({ length: 10 }, (_, n) => mask(`step ${n} of 10 is done.`));
    expect(rest.slice(3)).toEqual([3, 4, 5, 6, 7, 8, 9].map((n) => `step ${n} of 10 is done.`));
  });
});

describe("known values", () => {
  const value = `Tr0ub4dor & "3"/'é'`;
  const own = createMasker({ secretValues: [value, "first line of it\nsecond line of it", "short", "true"] });

  test.each([
    ["as it is", value],
    ["URL-encoded", encodeURIComponent(value)],
    ["URL-encoded in lower case", encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (c) => c.toLowerCase())],
    ["of a form", encodeURIComponent(value).replaceAll("%20", "+")],
    ["in JSON", JSON.stringify(value).slice(1, -1)],
    ["for a shell", value.replaceAll("'", "'\\''")],
    ["base64", Buffer.from(value).toString("base64")],
    ["base64 for URLs", Buffer.from(value).toString("base64url")],
    ["one line of it", "second line of it"],
  ])("%s", (_, form) => {
    expect(own.text(`see ${form} there`)).toBe("see *** there");
  });

  test.each(["", "a", "ab", "abc", "user:"])("within base64 after %j", (before) => {
    const encoded = Buffer.from(`${before}${value}, and more`).toString("base64");
    const masked = own.text(`x ${encoded} y`);
    expect(masked).toContain("***");
    expect(Buffer.from(masked.split("***")[0] ?? "", "base64").toString()).not.toContain("Tr0");
    expect(masked.length).toBeLessThan(encoded.length - 12);
  });

  test("not what is short or trivial", () => {
    expect(own.text("a short, true thing")).toBe("a short, true thing");
  });

  test("no line that holds one keeps it, whatever stands around it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(own.text(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });
});

test("what is learnt later is masked from then on, in streams that are open too", () => {
  const learning = createMasker({ secretValues: ["known-before"] });
  const stream = learning.lines();
  expect(stream.mask("learnt-later known-before")).toBe("learnt-later ***");
  learning.learn(["learnt-later"]);
  expect(stream.mask("learnt-later known-before")).toBe("*** ***");
  expect(learning.text(Buffer.from("learnt-later").toString("base64"))).toBe("***");
});

describe("time is linear", () => {
  const size = 1_000_000;
  test.each([
    "a",
    "=",
    ":",
    "-",
    "token",
    "token=",
    "password:",
    "://",
    "://a:",
    "://a:b@",
    "sk-",
    "sk-1",
    "eyJ",
    "eyJa.",
    "xox",
    '"',
    "\\",
    'password="',
    '\\"password\\":',
    "?key=",
    "&",
    "&a",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "curl -u ",
    "Bearer ",
    "Authorization: ",
    "--password ",
    "SG.a",
    "1//0",
    "\u001b[0m",
    "\u001b[",
    "<password>",
    " ",
    "A",
    "AKIA",
    ",",
    "x.",
    "a=b;c,",
    "mysql ",
    "redis-cli -",
    "login a ",
    "'API_KEY=",
    "PASSWORD '",
  ])("for a megabyte of %j", (part) => {
    const line = part.repeat(Math.ceil(size / part.length));
    // It takes a fraction of this; what is quadratic takes minutes.
    const start = performance.now();
    masker.text(line);
    masker.text(`password=${line}`);
    masker.text(`https://u:${line}`);
    expect(performance.now() - start).toBeLessThan(60_000);
  });
});
