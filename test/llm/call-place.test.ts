import { expect, test } from "vitest";
import { placeFromEnvironment } from "../../src/llm/call-place.ts";

const ofExec = { TTA_PERSONA: "backend-engineer", TTA_CHATMODE: "tdd", TTA_SCOPE: "run:1a2b3c4d/exec" };
const ofStage = {
  ...ofExec,
  TTA_SCOPE: "run:20260101-120000-ab12/check_it",
  TTA_WORKFLOW: "package-release",
  TTA_RUN_ID: "20260101-120000-ab12",
  TTA_STAGE: "check_it",
};

test("a stage hands on its run, exec a place without one", () => {
  expect(placeFromEnvironment(ofStage)).toEqual({
    persona: "backend-engineer",
    chatmode: "tdd",
    scope: "run:20260101-120000-ab12/check_it",
    run: { workflow: "package-release", runId: "20260101-120000-ab12", stage: "check_it" },
  });
  expect(placeFromEnvironment(ofExec)).toEqual({
    persona: "backend-engineer",
    chatmode: "tdd",
    scope: "run:1a2b3c4d/exec",
  });
});

test("exec within a stage belongs to the run as well", () => {
  expect(placeFromEnvironment({ ...ofStage, TTA_SCOPE: ofExec.TTA_SCOPE })).toMatchObject({
    scope: "run:1a2b3c4d/exec",
    run: { stage: "check_it" },
  });
});

test.each([
  { TTA_PERSONA: undefined },
  { TTA_PERSONA: "Not A Name" },
  { TTA_CHATMODE: "" },
  { TTA_SCOPE: "global" },
  { TTA_SCOPE: "run:x\n/exec" },
])("none of it counts with %j", (broken) => {
  expect(placeFromEnvironment({ ...ofStage, ...broken })).toBeUndefined();
});

test("a run that is told in part is none", () => {
  expect(placeFromEnvironment({ ...ofStage, TTA_STAGE: undefined })).not.toHaveProperty("run");
});
