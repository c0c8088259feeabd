import { describe, expect, test } from "vitest";
import { checkPersonas, checkScripts } from "../../src/workflow/definition-file.ts";
import { sampleWorkflow } from "../../src/workflow/sample.ts";
import { emptyDirectory, type Tree } from "../support/tree.ts";
import { graphText, readIn, told, workflowFrom } from "./files.ts";

const FULL = `
name: package-release
description: |
  Two
  lines
parameters:
  version: { type: semver, required: true, description: the version }
  changelog: { type: string }
  publish: { type: boolean }
  channel: { type: enum, values: [latest, 1.10], default: 1.10 }
  report: { type: path, default: out/report.json }
stages:
  - id: version_bump
    persona: tta-backend-engineer
    run: |
      echo hi
    outputs: [kind, version]
  - id: check
    persona: testing-specialist
    chatmode: tdd
    run: { file: scripts/check.sh, shell: sh }
    fallback: { agent: { prompt: "Mend it." } }
    env: { LEVEL: 007, ON: true, TEXT: $HOME }
    workingDirectory: packages/x
    timeout: 10m
    retry: { attempts: 3, delay: 500ms, backoff: exponential, exitCodes: [75] }
    when:
      - { parameter: publish, equals: true }
      - { output: version_bump.kind, not: npm }
      - { run: "test -f package.json" }
    gates:
      - { name: coverage, value: { json: c.json, path: total.lines.pct, min: 80, optional: true } }
      - { name: rate, value: { file: report.txt, pattern: 'rate=(\\d+)', max: 3 } }
      - { name: said, value: { log: true, pattern: 'ok (\\w+)', equals: yes } }
      - { name: handed, value: { output: coverage, min: 0, max: 1.5 } }
      - { name: tests, run: "npm test", timeout: 5m }
      - { name: error_rate, promql: { query: up, urlParameter: changelog, max: 0.001 } }
      - { name: other-rate, promql: { query: up, url: "http://h:9090", min: 1, for: 30s, deadline: 5m, interval: 1s } }
  - id: tell
    persona: devops-engineer
    needs: [version_bump]
    manual: { checklist: [a, b] }
`;

describe("a workflow file", () => {
  test("is read with its defaults, and scalars as they are written", () => {
    const { workflow } = workflowFrom(FULL);
    const { stages, parameters, origin, ...rest } = workflow;
    expect(rest).toEqual({ name: "package-release", description: "Two\nlines\n" });
    expect(origin.kind).toBe("project");
    const plain = { required: false, default: undefined, values: [], description: undefined };
    expect(parameters).toEqual([
      { ...plain, name: "version", type: "semver", required: true, description: "the version" },
      { ...plain, name: "changelog", type: "string" },
      { ...plain, name: "publish", type: "boolean", default: "false" },
      { ...plain, name: "channel", type: "enum", values: ["latest", "1.10"], default: "1.10" },
      { ...plain, name: "report", type: "path", default: "out/report.json" },
    ]);
    const [bump, check, tell] = stages;
    expect(bump).toEqual({
      id: "version_bump",
      persona: "backend-engineer",
      chatmode: "package-release",
      needs: [],
      work: { kind: "run", script: { text: "echo hi\n" }, shell: "bash" },
      fallback: undefined,
      env: {},
      workingDirectory: undefined,
      timeoutMs: undefined,
      retry: { attempts: 1, delayMs: 1000, backoff: "constant", exitCodes: [] },
      when: [],
      gates: [],
      outputs: ["kind", "version"],
    });
    expect(tell).toMatchObject({
      needs: ["version_bump"],
      work: { kind: "manual", checklist: ["a", "b"] },
    });
    const none = { min: undefined, max: undefined, equals: undefined };
    const promql = { kind: "promql", query: "up" };
    expect(check).toEqual({
      id: "check",
      persona: "testing-specialist",
      chatmode: "tdd",
      needs: ["version_bump"],
      work: { kind: "run", script: { file: "scripts/check.sh" }, shell: "sh" },
      fallback: { kind: "agent", prompt: "Mend it." },
      env: { LEVEL: "007", ON: "true", TEXT: "$HOME" },
      workingDirectory: "packages/x",
      timeoutMs: 600_000,
      retry: { attempts: 3, delayMs: 500, backoff: "exponential", exitCodes: [75] },
      when: [
        { kind: "value", ref: { parameter: "publish" }, equals: "true", negated: false },
        {
          kind: "value",
          ref: { output: { stage: "version_bump", key: "kind" } },
          equals: "npm",
          negated: true,
        },
        { kind: "run", script: "test -f package.json" },
      ],
      gates: [
        {
          name: "coverage",
          kind: "value",
          source: { from: "json", file: "c.json", path: "total.lines.pct" },
          bounds: { ...none, min: 80 },
          optional: true,
        },
        {
          name: "rate",
          kind: "value",
          source: { from: "file", file: "report.txt", pattern: "rate=(\\d+)" },
          bounds: { ...none, max: 3 },
          optional: false,
        },
        {
          name: "said",
          kind: "value",
          source: { from: "log", pattern: "ok (\\w+)" },
          bounds: { ...none, equals: "yes" },
          optional: false,
        },
        {
          name: "handed",
          kind: "value",
          source: { from: "output", key: "coverage" },
          bounds: { ...none, min: 0, max: 1.5 },
          optional: false,
        },
        { name: "tests", kind: "run", script: "npm test", timeoutMs: 300_000 },
        {
          ...promql,
          name: "error_rate",
          url: { parameter: "changelog" },
          bounds: { ...none, max: 0.001 },
          forMs: 0,
          deadlineMs: 60_000,
          intervalMs: 5000,
        },
        {
          ...promql,
          name: "other-rate",
          url: { text: "http://h:9090" },
          bounds: { ...none, min: 1 },
          forMs: 30_000,
          deadlineMs: 300_000,
          intervalMs: 1000,
        },
      ],
      outputs: [],
    });
  });

  test("may hold one condition, anchors, a byte order mark and windows line ends", () => {
    const text = [
      "\uFEFFname: w",
      "parameters: { to: { type: enum, values: &v [a, 1.0], default: a }, at: { type: enum, values: *v, default: 1.0 } }",
      "stages:",
      "  - { id: a, persona: qa, run: x, env: &e { N: 1 } }",
      "  - { id: b, persona: qa, run: x, env: *e, when: { parameter: to, equals: 1.0 } }",
    ];
    const { workflow } = workflowFrom(text.join("\r\n"));
    expect(workflow.stages[1]).toMatchObject({ env: { N: "1" }, when: [{ equals: "1.0" }] });
  });

  test("the sample is one", () => {
    const { workflow } = workflowFrom(sampleWorkflow("nightly-build"));
    expect(workflow).toMatchObject({ name: "nightly-build", stages: { length: 3 } });
  });
});

/** A stage `b` after a stage `a`, with these lines or fields. */
const stage = (
  fields: string,
) => `name: w\nparameters:\n  p: { type: boolean }\n  q: { type: string }\nstages:
  - { id: a, persona: qa, run: x, outputs: [k] }
  - { id: b, persona: qa, ${fields} }
`;
const gate = (fields: string) => stage(`run: x, gates: [{ name: g, ${fields} }]`);
const parameter = (fields: string, name = "p") =>
  `name: w\nparameters: { ${name}: { ${fields} } }\nstages: [{ id: a, persona: qa, run: x }]\n`;

describe("a broken workflow file is told with positions", () => {
  test.each<[string, string, string]>([
    ["an empty file", "", "1:1 expected object, received null"],
    ["a comment", "# nothing\n", "1:1 expected object, received null"],
    ["a text", "hello\n", "1:1 expected object, received string"],
    ["no stages", "name: w\n", "1:1 stages is missing"],
    ["an empty list of stages", "name: w\nstages: []\n", "2:9 stages: expected array to have >=1 items"],
    ["a syntax error", "name: w\nstages: [\n", "3:1 Flow sequence"],
    ["a key that is there twice", "name: w\nname: v\nstages: []\n", "2:1 Map keys must be unique"],
    ["two documents", `${parameter("type: string")}---\nname: v\n`, "4:1 Source contains multiple documents"],
    ["a bad name", "name: My_flow\nstages: []\n", "1:7 name: expected a kebab-case name"],
    ["a reserved name", "name: other\nstages: []\n", '1:7 name: must not be "other"'],
    ["no persona", "name: w\nstages:\n  - { id: a, run: x }\n", "3:5 stages[0].persona is missing"],
    ["no work", stage("timeout: 1m"), "7:5 stages[1]: expected one of run, agent, manual"],
    [
      "two kinds of work",
      stage("run: x, manual: { checklist: [a] }"),
      "7:5 stages[1]: run and manual exclude each other",
    ],
    [
      "work of a wrong type",
      stage("run: 5"),
      "7:32 stages[1].run: expected string or object, received number",
    ],
    ["an empty script", stage('run: " "'), "7:32 stages[1].run: expected text"],
    ["a NUL in a script", stage('run: "a\\0"'), "7:32 stages[1].run: expected text without NUL"],
    [
      "script and file",
      stage("run: { script: a, file: b }"),
      "7:32 stages[1].run: script and file exclude each other",
    ],
    [
      "an unknown shell",
      stage("run: { file: b, shell: zsh }"),
      '7:50 stages[1].run.shell: expected one of "bash"|"sh"',
    ],
    [
      "an empty checklist",
      stage("manual: { checklist: [] }"),
      "7:48 stages[1].manual.checklist: expected array to have >=1 items",
    ],
    ["no prompt", stage("agent: {}"), "7:34 stages[1].agent.prompt is missing"],
    [
      "a fallback of no kind",
      stage("run: x, fallback: {}"),
      "7:45 stages[1].fallback: expected one of run, agent, manual",
    ],
    [
      "a number as a duration",
      stage("run: x, timeout: 10"),
      "7:44 stages[1].timeout: expected string, received number",
    ],
    ["no duration", stage("run: x, timeout: soon"), "7:44 stages[1].timeout: expected a duration"],
    [
      "no time at all",
      stage("run: x, timeout: 0s"),
      "7:44 stages[1].timeout: expected a duration between 1ms and 24d",
    ],
    [
      "more than a timer can wait",
      stage("run: x, timeout: 30d"),
      "7:44 stages[1].timeout: expected a duration between 1ms and 24d",
    ],
    [
      "no attempt",
      stage("run: x, retry: { attempts: 0 }"),
      "7:54 stages[1].retry.attempts: expected number to be >=1",
    ],
    [
      "retry after success",
      stage("run: x, retry: { exitCodes: [0] }"),
      "7:56 stages[1].retry.exitCodes[0]: expected number to be >=1",
    ],
    ["an unknown key", stage("run: x, timeot: 1m"), "7:35 stages[1].timeot: there is no such key here"],
    [
      "a bad variable",
      stage("run: x, env: { 1A: x }"),
      "7:42 stages[1].env.1A: expected a name of a variable",
    ],
    [
      "a variable of ours",
      stage("run: x, env: { TTA_PARAM_P: x }"),
      "7:42 stages[1].env.TTA_PARAM_P: is set by tta-persona itself",
    ],
    [
      "a variable that is no text",
      stage("run: x, env: { A: [1] }"),
      "7:45 stages[1].env.A: expected string or number or boolean, received array",
    ],
    [
      "an output that is no name",
      stage("run: x, outputs: [Kind]"),
      "7:45 stages[1].outputs[0]: expected a name of a-z, 0-9 and _",
    ],
    [
      "an output that is there twice",
      stage("run: x, outputs: [k, k]"),
      "7:48 stages[1].outputs[1]: k is there twice",
    ],
    [
      "nothing to compare with",
      stage("run: x, when: { parameter: p }"),
      "7:41 stages[1].when: expected one of equals, not",
    ],
    [
      "two comparisons",
      stage("run: x, when: { parameter: p, equals: 1, not: 2 }"),
      "7:41 stages[1].when: expected one of equals, not",
    ],
    [
      "a script that is compared",
      stage("run: x, when: { run: x, not: 2 }"),
      "7:41 stages[1].when: not without parameter or output",
    ],
    [
      "a condition of no kind",
      stage("run: x, when: [{ equals: 1 }]"),
      "7:42 stages[1].when[0]: expected one of parameter, output, run",
    ],
    [
      "an unknown parameter",
      stage("run: x, when: [{ parameter: pp, equals: 1 }]"),
      "7:55 stages[1].when[0].parameter: no parameter pp",
    ],
    [
      "what a parameter can never be",
      stage("run: x, when: [{ parameter: p, equals: yes }]"),
      '7:42 stages[1].when[0]: p is never "yes", which is neither true nor false',
    ],
    [
      "an output of no stage",
      stage("run: x, when: [{ output: c.k, equals: 1 }]"),
      "7:52 stages[1].when[0].output: no stage c",
    ],
    [
      "an output of its own",
      stage("run: x, when: [{ output: b.k, equals: 1 }]"),
      "7:52 stages[1].when[0].output: b is not done before b",
    ],
    [
      "an output of a stage beside it",
      stage("run: x, needs: [], when: [{ output: a.k, equals: 1 }]"),
      "7:63 stages[1].when[0].output: a is not done before b",
    ],
    [
      "an output without a key",
      stage("run: x, when: [{ output: a, equals: 1 }]"),
      "7:52 stages[1].when[0].output: expected a <stage>.<key>",
    ],
    [
      "a gate of no kind",
      stage("run: x, gates: [{ name: g }]"),
      "7:43 stages[1].gates[0]: expected one of value, run, promql",
    ],
    [
      "a gate of two kinds",
      gate("run: x, value: { output: k, min: 1 }"),
      "7:43 stages[1].gates[0]: value and run exclude each other",
    ],
    [
      "two gates of one name",
      stage("run: x, gates: [{ name: g, run: x }, { name: g, run: y }]"),
      "7:72 stages[1].gates[1].name: there is a gate g already",
    ],
    [
      "a value without a bound",
      gate("value: { output: k }"),
      "7:61 stages[1].gates[0].value: expected at least one of min, max, equals",
    ],
    [
      "bounds that exclude each other",
      gate("value: { output: k, min: 2, max: 1 }"),
      "7:61 stages[1].gates[0].value: min is above max, so that nothing passes",
    ],
    [
      "a file of JSON without a path",
      gate("value: { json: a.json, min: 1 }"),
      "7:61 stages[1].gates[0].value: json without path",
    ],
    [
      "a path without a file of JSON",
      gate("value: { output: k, path: a.b, min: 1 }"),
      "7:61 stages[1].gates[0].value: path without json",
    ],
    [
      "a log without a pattern",
      gate("value: { log: true, min: 1 }"),
      "7:61 stages[1].gates[0].value: log without pattern",
    ],
    [
      "a pattern that does not compile",
      gate("value: { log: true, pattern: '(', min: 1 }"),
      "7:83 stages[1].gates[0].value.pattern: expected a regular expression",
    ],
    [
      "a timeout of what is no script",
      gate("timeout: 1m, value: { output: k, min: 1 }"),
      "7:43 stages[1].gates[0]: timeout without run",
    ],
    [
      "a query without a bound",
      gate("promql: { query: up }"),
      "7:62 stages[1].gates[0].promql: expected at least one of min, max",
    ],
    [
      "a query's value as a text",
      gate("promql: { query: up, equals: 1 }"),
      "7:75 stages[1].gates[0].promql.equals: there is no such key here",
    ],
    [
      "a URL that is none",
      gate("promql: { query: up, min: 1, url: localhost }"),
      "7:88 stages[1].gates[0].promql.url: expected an http or https URL",
    ],
    [
      "a URL of no parameter",
      gate("promql: { query: up, min: 1, urlParameter: r }"),
      "7:97 stages[1].gates[0].promql.urlParameter: no parameter r",
    ],
    [
      "a deadline that is too short",
      gate("promql: { query: up, min: 1, for: 2m }"),
      "7:62 stages[1].gates[0].promql: for is longer than deadline, so that it never passes",
    ],
    [
      "a parameter of no type",
      parameter("required: true"),
      '2:18 parameters.p.type: expected one of "string"|"semver"|"boolean"|"enum"|"path"',
    ],
    [
      "a parameter with a flag of ours",
      parameter("type: string", "dry-run"),
      "2:15 parameters.dry-run: is a flag of run itself, or begins with no-",
    ],
    [
      "a parameter with a negated flag",
      parameter("type: string", "no-op"),
      "2:15 parameters.no-op: is a flag of run itself, or begins with no-",
    ],
    [
      "a parameter that is not kebab-case",
      parameter("type: string", "dryIt"),
      "2:15 parameters.dryIt: expected a kebab-case name",
    ],
    [
      "a default that is none",
      parameter("type: semver, default: 1.0"),
      "2:43 parameters.p.default: is not a semantic version",
    ],
    ["an enum without values", parameter("type: enum"), "2:18 parameters.p: an enum without values"],
    [
      "values of no enum",
      parameter("type: string, values: [a]"),
      "2:42 parameters.p.values: a string has no values",
    ],
    [
      "a default that is not in the enum",
      parameter("type: enum, values: [a], default: b"),
      "2:54 parameters.p.default: is not one of a",
    ],
    [
      "a default of what is required",
      parameter("type: string, required: true, default: b"),
      "2:59 parameters.p.default: what is required needs no default",
    ],
    [
      "a required boolean",
      parameter("type: boolean, required: true"),
      "2:45 parameters.p.required: a boolean is false when it is not given",
    ],
  ])("%s", (_, text, problem) => {
    const { problems, read } = readIn({ "w.yaml": text });
    expect(problems).toContainEqual(expect.stringContaining(problem));
    expect(read.ok || read.error.every(({ hint }) => /[^.]\.$|[?]$|tta-persona [a-z ]+$/.test(hint))).toBe(
      true,
    );
  });

  test("several mistakes are told at once, in the order of the file", () => {
    const text = "stages:\n  - { id: A, persona: qa, run: 1 }\nnaem: w\nname: w\n";
    const { problems, read } = readIn({ "w.yaml": text });
    expect(problems).toEqual([
      "2:11 stages[0].id: expected a snake_case name",
      "2:32 stages[0].run: expected string or object, received number",
      "3:1 naem: there is no such key here",
    ]);
    expect(read).toMatchObject({ error: { 2: { hint: "Did you mean name?", names: ["w"] } } });
  });

  test.each<[string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
    ["a stage that needs itself", { a: ["a"] }, ["3:43 stages[0].needs[0]: a stage cannot need itself"]],
    [
      "a cycle",
      { x: [], a: ["b"], b: ["c"], c: ["a", "x"] },
      ["4:42 stages[1].needs: stages wait for each other: a → b → c → a"],
    ],
    ["a stage that there is not", { build: [], b: ["biuld"] }, ["4:43 stages[1].needs[0]: no stage biuld"]],
    ["a need that is there twice", { a: [], b: ["a", "a"] }, ["4:46 stages[1].needs[1]: a is there twice"]],
  ])("%s", (_, needs, expected) => {
    expect(readIn({ "w.yaml": graphText(needs) }).problems).toEqual(expected);
  });

  test("a cycle that a default closes, and a stage that is there twice", () => {
    const looped =
      "name: w\nstages:\n  - { id: a, persona: qa, run: x, needs: [b] }\n  - { id: b, persona: qa, run: x }\n";
    expect(readIn({ "w.yaml": looped }).problems).toEqual([
      "3:42 stages[0].needs: stages wait for each other: a → b → a",
    ]);
    const twice = looped.replace("id: b", "id: a").replace("[b]", "[]");
    expect(readIn({ "w.yaml": twice }).problems).toContain("4:11 stages[1].id: there is a stage a already");
  });

  test("two outputs that would be the same variable", () => {
    const text =
      "name: w\nstages:\n  - { id: a, persona: qa, run: x, outputs: [b_c] }\n" +
      "  - { id: a_b, persona: qa, run: x, outputs: [c] }\n";
    expect(readIn({ "w.yaml": text }).problems).toEqual([
      "4:47 stages[1].outputs[0]: TTA_OUTPUT_A_B_C is what a hands on already",
    ]);
  });
});

describe("what is no workflow file at all", () => {
  test.each<[string, Tree, string]>([
    ["no file", {}, "does not exist"],
    ["a dangling link", { "w.yaml": { linkTo: "gone.yaml" } }, "a link to a file that does not exist"],
    ["a link to itself", { "w.yaml": { linkTo: "w.yaml" } }, "cannot be read (ELOOP)"],
    ["a directory", { "w.yaml": emptyDirectory }, "not a regular file"],
    ["a device", { "w.yaml": { linkTo: "/dev/zero" } }, "not a regular file"],
    ["another encoding", { "w.yaml": Buffer.from("name: caf\xe9", "latin1") }, "not a text in UTF-8"],
    ["binary", { "w.yaml": "name: w\0\u0001" }, "not a text in UTF-8"],
    ["a huge file", { "w.yaml": "# ".repeat(300_000) }, "longer than 256 Ki characters"],
    ["nested deeply", { "w.yaml": "[".repeat(50_000) }, "1:101 nested too deeply"],
  ])("%s", (_, tree, problem) => {
    expect(readIn(tree).problems).toEqual([problem]);
  });
});

test("personas that there are not are told, and the one that was meant", () => {
  const located = workflowFrom(FULL);
  const known = ["backend-engineer", "testing-specialists"];
  expect(checkPersonas(located, known).map((problem) => `${told(problem)} ${problem.hint}`)).toEqual([
    "19:14 there is no persona testing-specialist for the stage check Did you mean testing-specialists?",
    "40:14 there is no persona devops-engineer for the stage tell See: tta-persona list",
  ]);
  expect(checkPersonas(located, [...known, "testing-specialist", "devops-engineer"])).toEqual([]);
});

test("script files are looked for beside the workflow's", () => {
  const text =
    "name: w\nstages:\n  - { id: a, persona: qa, run: { file: s/a.sh } }\n  - { id: b, persona: qa, run: x, fallback: { run: { file: s } } }\n";
  const check = (tree: Tree) => {
    const { read, root } = readIn({ "flows/w.yaml": text, ...tree }, "flows/w.yaml");
    return read.ok ? checkScripts(read.value).map((problem) => told(problem, root)) : read.error;
  };
  expect(check({ "flows/s/a.sh": "x" })).toEqual(["4:60 the script flows/s is no file that can be read"]);
  expect(check({ "flows/s": "x" })).toEqual(["3:40 the script flows/s/a.sh is no file that can be read"]);
});
