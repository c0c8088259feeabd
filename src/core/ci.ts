import { type Environment, envValue } from "./environment.ts";
import type { ResourceAttributes } from "./span.ts";

/** What a CI provider tells of the job that we run in. */
export interface CiJob {
  /** The provider's short name, or `unknown`. */
  readonly provider: string;
  /** Repository and pipeline, the same for every run of it: part of a stable grouping key. */
  readonly pipeline: string;
  /** Tells parallel jobs of one pipeline apart; from a bounded set. */
  readonly slot: string;
  /** Unique per run; undefined where the provider gives none. */
  readonly runId?: string;
  /** `cicd.*` and `vcs.*` of the OpenTelemetry semantic conventions. */
  readonly attributes: ResourceAttributes;
}

interface Provider {
  readonly name: string;
  /** The variable whose presence gives the provider away. */
  readonly sign: string;
  readonly repository: readonly string[];
  readonly repositoryUrl: (env: Environment) => string | undefined;
  readonly pipeline: readonly string[];
  readonly job: readonly string[];
  readonly index: readonly string[];
  readonly runId: readonly string[];
  readonly runUrl: (env: Environment) => string | undefined;
  readonly ref: readonly string[];
  readonly revision: readonly string[];
}

const from = (name: string) => (env: Environment) => envValue(env, name);

/** Names as the providers document their predefined variables. */
const providers = (): readonly Provider[] => [
  {
    name: "github",
    sign: "GITHUB_ACTIONS",
    repository: ["GITHUB_REPOSITORY"],
    repositoryUrl: (env) => join(env, ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"], "/"),
    pipeline: ["GITHUB_WORKFLOW"],
    job: ["GITHUB_JOB"],
    index: [],
    runId: ["GITHUB_RUN_ID"],
    runUrl: (env) => {
      const repository = join(env, ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"], "/");
      const run = envValue(env, "GITHUB_RUN_ID");
      return repository && run ? `${repository}/actions/runs/${run}` : undefined;
    },
    ref: ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"],
    revision: ["GITHUB_SHA"],
  },
  {
    name: "gitlab",
    sign: "GITLAB_CI",
    repository: ["CI_PROJECT_PATH"],
    repositoryUrl: from("CI_PROJECT_URL"),
    pipeline: ["CI_PIPELINE_NAME"],
    job: ["CI_JOB_NAME"],
    index: ["CI_NODE_INDEX"],
    runId: ["CI_PIPELINE_ID"],
    runUrl: from("CI_PIPELINE_URL"),
    ref: ["CI_COMMIT_REF_NAME"],
    revision: ["CI_COMMIT_SHA"],
  },
  {
    name: "jenkins",
    sign: "JENKINS_URL",
    repository: [],
    repositoryUrl: from("GIT_URL"),
    pipeline: ["JOB_NAME"],
    job: ["STAGE_NAME"],
    index: ["EXECUTOR_NUMBER"],
    runId: ["BUILD_TAG"],
    runUrl: from("BUILD_URL"),
    ref: ["BRANCH_NAME", "GIT_BRANCH"],
    revision: ["GIT_COMMIT"],
  },
  {
    name: "circleci",
    sign: "CIRCLECI",
    repository: ["CIRCLE_PROJECT_REPONAME"],
    repositoryUrl: from("CIRCLE_REPOSITORY_URL"),
    pipeline: [],
    job: ["CIRCLE_JOB"],
    index: ["CIRCLE_NODE_INDEX"],
    runId: ["CIRCLE_WORKFLOW_ID"],
    runUrl: from("CIRCLE_BUILD_URL"),
    ref: ["CIRCLE_BRANCH", "CIRCLE_TAG"],
    revision: ["CIRCLE_SHA1"],
  },
  {
    name: "buildkite",
    sign: "BUILDKITE",
    repository: [],
    repositoryUrl: from("BUILDKITE_REPO"),
    pipeline: ["BUILDKITE_PIPELINE_SLUG"],
    job: ["BUILDKITE_STEP_KEY"],
    index: ["BUILDKITE_PARALLEL_JOB"],
    runId: ["BUILDKITE_BUILD_ID"],
    runUrl: from("BUILDKITE_BUILD_URL"),
    ref: ["BUILDKITE_BRANCH"],
    revision: ["BUILDKITE_COMMIT"],
  },
  {
    name: "azure",
    sign: "TF_BUILD",
    repository: ["BUILD_REPOSITORY_NAME"],
    repositoryUrl: from("BUILD_REPOSITORY_URI"),
    pipeline: ["BUILD_DEFINITIONNAME"],
    job: ["SYSTEM_JOBNAME"],
    index: ["SYSTEM_JOBPOSITIONINPHASE"],
    runId: ["BUILD_BUILDID"],
    runUrl: () => undefined,
    ref: ["BUILD_SOURCEBRANCHNAME"],
    revision: ["BUILD_SOURCEVERSION"],
  },
  {
    name: "bitbucket",
    sign: "BITBUCKET_BUILD_NUMBER",
    repository: ["BITBUCKET_REPO_FULL_NAME"],
    repositoryUrl: from("BITBUCKET_GIT_HTTP_ORIGIN"),
    pipeline: [],
    job: [],
    index: ["BITBUCKET_PARALLEL_STEP"],
    runId: ["BITBUCKET_PIPELINE_UUID"],
    runUrl: () => undefined,
    ref: ["BITBUCKET_BRANCH", "BITBUCKET_TAG"],
    revision: ["BITBUCKET_COMMIT"],
  },
  {
    name: "woodpecker",
    sign: "CI_PIPELINE_FORGE_URL",
    repository: ["CI_REPO"],
    repositoryUrl: from("CI_REPO_URL"),
    pipeline: ["CI_WORKFLOW_NAME"],
    job: [],
    index: ["CI_WORKFLOW_NUMBER"],
    runId: ["CI_PIPELINE_NUMBER"],
    runUrl: from("CI_PIPELINE_URL"),
    ref: ["CI_COMMIT_BRANCH"],
    revision: ["CI_COMMIT_SHA"],
  },
  {
    name: "drone",
    sign: "DRONE",
    repository: ["DRONE_REPO"],
    repositoryUrl: from("DRONE_REPO_LINK"),
    pipeline: ["DRONE_STAGE_NAME"],
    job: ["DRONE_STEP_NAME"],
    index: [],
    runId: ["DRONE_BUILD_NUMBER"],
    runUrl: from("DRONE_BUILD_LINK"),
    ref: ["DRONE_BRANCH"],
    revision: ["DRONE_COMMIT_SHA"],
  },
  {
    name: "travis",
    sign: "TRAVIS",
    repository: ["TRAVIS_REPO_SLUG"],
    repositoryUrl: () => undefined,
    pipeline: [],
    job: ["TRAVIS_JOB_NAME"],
    index: [],
    runId: ["TRAVIS_BUILD_ID"],
    runUrl: from("TRAVIS_BUILD_WEB_URL"),
    ref: ["TRAVIS_BRANCH"],
    revision: ["TRAVIS_COMMIT"],
  },
  {
    name: "teamcity",
    sign: "TEAMCITY_VERSION",
    repository: ["TEAMCITY_PROJECT_NAME"],
    repositoryUrl: () => undefined,
    pipeline: ["TEAMCITY_BUILDCONF_NAME"],
    job: [],
    index: [],
    runId: ["BUILD_NUMBER"],
    runUrl: from("BUILD_URL"),
    ref: [],
    revision: ["BUILD_VCS_NUMBER"],
  },
];

/** Reads the job from the first provider whose sign is set; `unknown` otherwise. */
export function ciFromEnvironment(env: Environment): CiJob {
  const provider = providers().find((candidate) => envValue(env, candidate.sign) !== undefined);
  const slotIndex = envValue(env, "TTA_PERSONA_CI_SLOT");
  if (provider === undefined) {
    return { provider: "unknown", pipeline: "unknown", slot: slotIndex ?? "0", attributes: {} };
  }
  const first = (names: readonly string[]) => {
    for (const name of names) {
      const value = envValue(env, name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const repositoryUrl = withoutCredentials(provider.repositoryUrl(env));
  const repository = first(provider.repository) ?? repositoryUrl;
  const pipelineName = first(provider.pipeline);
  const runId = first(provider.runId);
  return {
    provider: provider.name,
    pipeline: [repository, pipelineName].filter((part) => part !== undefined).join("/") || "unknown",
    slot:
      [first(provider.job), slotIndex ?? first(provider.index)]
        .filter((part) => part !== undefined)
        .join("/") || "0",
    ...(runId === undefined ? {} : { runId }),
    attributes: present({
      "cicd.pipeline.name": pipelineName,
      "cicd.pipeline.run.id": runId,
      "cicd.pipeline.run.url.full": withoutCredentials(provider.runUrl(env)),
      "vcs.repository.url.full": repositoryUrl,
      "vcs.ref.head.name": first(provider.ref),
      "vcs.ref.head.revision": first(provider.revision),
    }),
  };
}

function present(values: Readonly<Record<string, string | undefined>>): ResourceAttributes {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) kept[key] = value;
  return kept;
}

function join(env: Environment, names: readonly string[], separator: string): string | undefined {
  const values = names.map((name) => envValue(env, name));
  return values.includes(undefined) ? undefined : values.join(separator);
}

/** CI clones with a token in the URL now and then; it must not reach a fact. */
function withoutCredentials(url: string | undefined): string | undefined {
  return url?.trim().replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}
