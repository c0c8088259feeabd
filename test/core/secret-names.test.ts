import { describe, expect, test } from "vitest";
import { isSecretName } from "../../src/core/secret-names.ts";
import { secretValuesOf } from "../../src/core/secret-values.ts";

describe("names of secrets", () => {
  test.each([
    "GITHUB_TOKEN",
    "github_token",
    "NPM_AUTH",
    "DB_PASSWORD",
    "PGPASSWORD",
    "MYSQL_PWD",
    "DB_PASS",
    "GPG_PASSPHRASE",
    "OPENAI_API_KEY",
    "apiKey",
    "APIKey",
    "x-api-key",
    "X-Auth-Token",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "SSH_PRIVATE_KEY",
    "GOOGLE_CREDENTIALS",
    "LANGFUSE_SECRET_KEY",
    "STRIPE_KEY",
    "SYSTEM_ACCESSTOKEN",
    "npm_config_//registry.npmjs.org/:_authToken",
    "CI_JOB_TOKEN",
    "clientSecret",
    "Authorization",
    "Set-Cookie",
    "GITHUB_PAT",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SUPABASE_SERVICE_ROLE_KEY",
    "passwd",
    "secret",
    "SECRET_ID",
  ])("%s", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each([
    "PATH",
    "PWD",
    "OLDPWD",
    "SSH_AUTH_SOCK",
    "GIT_AUTHOR_NAME",
    "GIT_ASKPASS",
    "TOKENIZERS_PARALLELISM",
    "MAX_TOKENS",
    "tokenBudget",
    "LANGFUSE_PUBLIC_KEY",
    "cache-key",
    "primaryKey",
    "TOKEN_FILE",
    "auth_type",
    "password-stdin",
    "KEYBOARD",
    "key",
    "author",
    "pass",
    "TOKEN_URL",
    "expires_in",
    "token_expires_in",
    "COMPASS",
    "",
    "_",
    "BYPASS",
  ])("not %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("secret values of an environment", () => {
  test("are those of variables with secret names, and passwords in URLs", () => {
    const values = secretValuesOf({
      GITHUB_TOKEN: "abcdef123",
      HOME: "/home/app",
      HTTPS_PROXY: "http://me:pr%40xy-pass@proxy:3128",
      DB_PASSWORD: "  padded value ",
      UNSET_TOKEN: undefined,
    });
    expect([...values].sort()).toEqual(["abcdef123", "padded value", "pr@xy-pass"]);
  });

  test.each([
    "short",
    "true",
    "123456",
    "12345678",
    "xxxxxxxx",
    "********",
    "password",
    "undefined",
    "      ",
  ])("but not what is trivial: %s", (value) => {
    expect(secretValuesOf({ APP_SECRET: value })).toEqual([]);
  });
});
