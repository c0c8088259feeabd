/** `*` stands for any text, `?` for one character; all else for itself, upper and lower case told apart. */
export function matchesAny(name: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(name, glob));
}

/** Goes back to the last `*` only, so that time stays bounded whatever a glob looks like. */
function matchesGlob(name: string, glob: string): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    if (glob[part] === "*") {
      star = part++;
      resume = at;
    } else if (glob[part] === "?" || glob[part] === name[at]) {
      part++;
      at++;
    } else if (star !== -1) {
      part = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (glob[part] === "*") part++;
  return part === glob.length;
}

/**
 * What a process needs to run, whatever a persona may see: who and where one is, how to find programs, libraries
 * and certificates, how to reach the network and the user's agents (SSH, GPG), how to write to the terminal.
 */
export const NEEDED: readonly string[] = [
  ...words("PATH HOME USER LOGNAME SHELL TERM LANG LANGUAGE LC_* TZ TMPDIR TMP TEMP HOSTNAME XDG_*"),
  ...words(
    "TERM_PROGRAM TERMINFO COLORTERM COLUMNS LINES NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE EDITOR VISUAL PAGER",
  ),
  ...words("SSH_AUTH_SOCK SSH_AGENT_PID GPG_TTY GPG_AGENT_INFO GNUPGHOME DISPLAY WAYLAND_DISPLAY XAUTHORITY"),
  ...words("DBUS_SESSION_BUS_ADDRESS"),
  // May hold a password, without which nothing is reached.
  ...words("HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy"),
  ...words("NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO"),
  ...words(
    "NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONHOME LD_LIBRARY_PATH DYLD_* PKG_CONFIG_PATH LOCALE_ARCHIVE",
  ),
  ...words("JAVA_HOME GOPATH GOROOT GOCACHE GOMODCACHE GOFLAGS CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN"),
  ...words(
    "NVM_DIR NVM_BIN VOLTA_HOME PNPM_HOME BUN_INSTALL DENO_DIR COREPACK_HOME VIRTUAL_ENV CONDA_PREFIX",
  ),
  ...words("CONDA_DEFAULT_ENV GEM_HOME GEM_PATH SDKMAN_DIR NIX_PATH NIX_PROFILES NIX_SSL_CERT_FILE"),
  ...words(
    "GIT_AUTHOR_* GIT_COMMITTER_* GIT_SSH GIT_SSH_COMMAND GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM",
  ),
  // So that a stage that calls this program finds the same state and says the same.
  ...words("TTA_PERSONA_HOME TTA_PERSONA_DELIVERY TTA_PERSONA_DELIVERY_TIMEOUT TTA_PERSONA_CI_SLOT"),
];

/** Settings that a process needs as well, except those that are secret by name or hold a password in a URL. */
export const NEEDED_UNLESS_SECRET: readonly string[] = words(
  "npm_config_* NPM_CONFIG_* PIP_* UV_* GOPROXY OTEL_* FNM_* PYENV_* RBENV_* ASDF_* MISE_* HOMEBREW_*",
);

/** Where a CI job tells what it is: not secret, and scripts depend on it, but a persona's block list counts. */
export const CI_NAMES: readonly string[] = words(
  "CI CI_* GITHUB_* RUNNER_* GITLAB_* JENKINS_* BUILD_* JOB_* BRANCH_* CIRCLE* BUILDKITE* TF_BUILD AGENT_* SYSTEM_* " +
    "BITBUCKET_* DRONE* TRAVIS* TEAMCITY_* CHANGE_* STAGE_NAME EXECUTOR_NUMBER NODE_NAME WORKSPACE GIT_BRANCH GIT_COMMIT",
);

/** Of the caller's own process: they would be stale. */
export const NOT_INHERITED: readonly string[] = words(
  "PWD OLDPWD SHLVL _ TTA_PERSONA TTA_CHATMODE TTA_MCP_CONFIG TTA_PERSONA_LEASE_GENERATION TRACEPARENT TRACESTATE BAGGAGE",
);

/** Of the stage that the caller is part of: another run's stage has its own. */
export const OF_A_STAGE: readonly string[] = words("TTA_PARAM_* TTA_OUTPUT TTA_OUTPUT_*");

function words(text: string): readonly string[] {
  return text.split(" ");
}
