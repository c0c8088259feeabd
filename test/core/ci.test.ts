import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ciFromEnvironment } from "../../src/core/ci.ts";
import { parseResourceAttributes, resourceFromEnvironment } from "../../src/core/resource.ts";

describe("the job is read from each provider's own variables", () => {
  test.each([
    [
      "github",
      {
        GITHUB_ACTIONS: "true",
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: "acme/app",
        GITHUB_WORKFLOW: "release",
        GITHUB_JOB: "build",
        GITHUB_RUN_ID: "77",
        GITHUB_REF_NAME: "main",
        GITHUB_HEAD_REF: "",
        GITHUB_SHA: "abc",
      },
      "acme/app/release",
      "build",
      {
        "cicd.pipeline.name": "release",
        "cicd.pipeline.run.id": "77",
        "cicd.pipeline.run.url.full": "https://github.com/acme/app/actions/runs/77",
        "vcs.repository.url.full": "https://github.com/acme/app",
        "vcs.ref.head.name": "main",
        "vcs.ref.head.revision": "abc",
      },
    ],
    [
      "gitlab",
      {
        GITLAB_CI: "true",
        CI_PROJECT_PATH: "acme/app",
        CI_PROJECT_URL: "https://gitlab.com/acme/app",
        CI_PIPELINE_NAME: "nightly",
        CI_JOB_NAME: "test 2/3",
        CI_NODE_INDEX: "2",
        CI_PIPELINE_ID: "5",
        CI_PIPELINE_URL: "https://gitlab.com/acme/app/-/pipelines/5",
        CI_COMMIT_REF_NAME: "main",
        CI_COMMIT_SHA: "abc",
      },
      "acme/app/nightly",
      "test 2/3/2",
      {
        "cicd.pipeline.name": "nightly",
        "cicd.pipeline.run.id": "5",
        "cicd.pipeline.run.url.full": "https://gitlab.com/acme/app/-/pipelines/5",
        "vcs.repository.url.full": "https://gitlab.com/acme/app",
        "vcs.ref.head.name": "main",
        "vcs.ref.head.revision": "abc",
      },
    ],
    [
      "jenkins",
      {
        JENKINS_URL: "https://ci.acme.test/",
        GIT_URL: "https://git.acme.test/app.git",
        JOB_NAME: "app",
        STAGE_NAME: "test",
        EXECUTOR_NUMBER: "1",
        BUILD_TAG: "jenkins-app-9",
        BUILD_URL: "https://ci.acme.test/job/app/9/",
        GIT_BRANCH: "origin/main",
        GIT_COMMIT: "abc",
      },
      "https://git.acme.test/app.git/app",
      "test/1",
      {
        "cicd.pipeline.name": "app",
        "cicd.pipeline.run.id": "jenkins-app-9",
        "cicd.pipeline.run.url.full": "https://ci.acme.test/job/app/9/",
        "vcs.repository.url.full": "https://git.acme.test/app.git",
        "vcs.ref.head.name": "origin/main",
        "vcs.ref.head.revision": "abc",
      },
    ],
    ["circleci", { CIRCLECI: "true", CIRCLE_PROJECT_REPONAME: "app", CIRCLE_JOB: "test" }, "app", "test", {}],
    [
      "buildkite",
      { BUILDKITE: "true", BUILDKITE_PIPELINE_SLUG: "app", BUILDKITE_PARALLEL_JOB: "3" },
      "app",
      "3",
      { "cicd.pipeline.name": "app" },
    ],
    [
      "azure",
      { TF_BUILD: "True", BUILD_REPOSITORY_NAME: "app", BUILD_DEFINITIONNAME: "ci", BUILD_BUILDID: "4" },
      "app/ci",
      "0",
      { "cicd.pipeline.name": "ci", "cicd.pipeline.run.id": "4" },
    ],
    ["bitbucket", { BITBUCKET_BUILD_NUMBER: "4", BITBUCKET_REPO_FULL_NAME: "acme/app" }, "acme/app", "0", {}],
    [
      "woodpecker",
      { CI_PIPELINE_FORGE_URL: "https://f.test", CI_REPO: "acme/app", CI_PIPELINE_NUMBER: "8" },
      "acme/app",
      "0",
      { "cicd.pipeline.run.id": "8" },
    ],
    [
      "drone",
      { DRONE: "true", DRONE_REPO: "acme/app", DRONE_STAGE_NAME: "s", DRONE_STEP_NAME: "t" },
      "acme/app/s",
      "t",
      { "cicd.pipeline.name": "s" },
    ],
    [
      "travis",
      { TRAVIS: "true", TRAVIS_REPO_SLUG: "acme/app", TRAVIS_BUILD_ID: "3" },
      "acme/app",
      "0",
      { "cicd.pipeline.run.id": "3" },
    ],
    [
      "teamcity",
      { TEAMCITY_VERSION: "2025", TEAMCITY_PROJECT_NAME: "app", TEAMCITY_BUILDCONF_NAME: "ci" },
      "app/ci",
      "0",
      { "cicd.pipeline.name": "ci" },
    ],
    ["unknown", { CI: "true" }, "unknown", "0", {}],
  ])("%s", (provider, env, pipeline, slot, attributes) => {
    expect(ciFromEnvironment(env)).toMatchObject({ provider, pipeline, slot });
    expect(ciFromEnvironment(env).attributes).toEqual(attributes);
  });

  test("parallel jobs that the provider does not tell apart are told apart by the user", () => {
    const env = { GITHUB_ACTIONS: "true", GITHUB_JOB: "test", TTA_PERSONA_CI_SLOT: "node-20" };
    expect(ciFromEnvironment(env).slot).toBe("test/node-20");
    expect(ciFromEnvironment({ TTA_PERSONA_CI_SLOT: "2" }).slot).toBe("2");
  });
});

describe("credentials of a repository's URL are told to nobody", () => {
  test.each([
    ["https://user:s3cret@git.test/acme/app.git", "https://git.test/acme/app.git"],
    ["https://s3cret@git.test/acme/app.git", "https://git.test/acme/app.git"],
    ["https://user:p@s3cret@git.test:8443/app", "https://git.test:8443/app"],
    [" https://user:s3cret@git.test/app", "https://git.test/app"],
    ["HTTPS://user:s3cret@git.test", "HTTPS://git.test"],
    ["ssh://git:s3cret@git.test/app", "ssh://git.test/app"],
    ["https://git.test/@scope/app", "https://git.test/@scope/app"],
    ["git@git.test:acme/app.git", "git@git.test:acme/app.git"],
  ])("%s", (url, shown) => {
    const jenkins = { JENKINS_URL: "https://ci.test", GIT_URL: url, BUILD_URL: url };
    const job = ciFromEnvironment(jenkins);
    expect(job.attributes).toMatchObject({
      "vcs.repository.url.full": shown,
      "cicd.pipeline.run.url.full": shown,
    });
    expect(JSON.stringify(job)).not.toContain("s3cret");
    expect(JSON.stringify(resourceFromEnvironment({ ...jenkins, CI: "1" }, "1.0.0"))).not.toContain("s3cret");
  });
});

describe("the resource", () => {
  test("is ours, then the provider's, then what the standard variables say", () => {
    const env = { CI: "true", DRONE: "true", DRONE_STAGE_NAME: "s" };
    expect(resourceFromEnvironment({}, "1.2.3")).toEqual({
      "service.name": "tta-persona",
      "service.version": "1.2.3",
      "host.name": expect.any(String),
    });
    expect(resourceFromEnvironment(env, "1")).toMatchObject({ "cicd.pipeline.name": "s" });
    expect(resourceFromEnvironment({ ...env, CI: "false" }, "1")).not.toHaveProperty(["cicd.pipeline.name"]);
    const OTEL_RESOURCE_ATTRIBUTES = "service.name=other,cicd.pipeline.name=mine,team=a%2Cb";
    expect(resourceFromEnvironment({ ...env, OTEL_RESOURCE_ATTRIBUTES }, "1")).toMatchObject({
      "service.name": "other",
      "cicd.pipeline.name": "mine",
      team: "a,b",
    });
    expect(
      resourceFromEnvironment({ OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: "named" }, "1"),
    ).toMatchObject({ "service.name": "named" });
  });

  test.each([
    [undefined, {}],
    ["", {}],
    ["a=1,b=2", { a: "1", b: "2" }],
    [" a = 1 , b=2,", { a: "1", b: "2" }],
    ["a=", { a: "" }],
    ["a=b%3Dc%20d%2C", { a: "b=c d," }],
    ["a%3Db=1", { "a=b": "1" }],
    ["a=1,b", {}],
    ["a=1,=2", {}],
    ["a=1,b=%zz", {}],
    ["a=1,a=2", { a: "2" }],
  ])("reads %j", (text, attributes) => {
    expect(parseResourceAttributes(text)).toEqual(attributes);
  });

  test("reads whatever was percent-encoded", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" })),
        (attributes) => {
          const text = Object.entries(attributes)
            .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
            .join(",");
          expect(parseResourceAttributes(text)).toEqual(attributes);
        },
      ),
    );
  });
});
