/**
 * What `init` and `workflow init` write: a workflow that runs as it stands, and shows what else there is.
 *
 * @param persona of its first stage.
 */
export function sampleWorkflow(name: string, persona = "backend-engineer"): string {
  return `# A workflow of tta-persona. Run it: tta-persona run ${name} --target production
# Check it after a change: tta-persona workflow validate
name: ${name}
description: What this workflow is for, in a sentence.

# Each becomes the flag --<name>, and the variable TTA_PARAM_<NAME> in scripts. Values are never pasted into a script.
parameters:
  target: { type: enum, values: [staging, production], default: staging, description: where it goes }
  # version: { type: semver, required: true, description: the version to release }
  # Types are string, semver, boolean, enum and path.

# One after the other, unless a stage says what it needs.
stages:
  - id: prepare
    persona: ${persona}
    run: |
      echo "preparing for $TTA_PARAM_TARGET"
      # What later stages need, they find as TTA_OUTPUT_PREPARE_KIND.
      echo "kind=library" >> "$TTA_OUTPUT"
    outputs: [kind]

  - id: check
    persona: testing-specialist
    run: |
      echo "checking a $TTA_OUTPUT_PREPARE_KIND"
      echo "coverage: 93"
    timeout: 10m
    retry: { attempts: 2, delay: 1s, backoff: exponential }
    # All gates have to hold, or the stage has failed.
    gates:
      - { name: coverage, value: { log: true, pattern: 'coverage: (\\d+)', min: 80 } }
      - { name: clean, run: "true" }

  - id: hand_over
    persona: devops-engineer
    needs: [check]
    # Skipped unless this holds.
    when: { parameter: target, equals: production }
    run: echo "handing over"
    # In place of run: llm, a prompt for a model; agent, one for the agent CLI of your settings; or manual, what a
    # person confirms:
    # llm: { prompt: "Write release notes for {{parameters.target}}." }
    # agent: { prompt: "Write the release notes." }
    # manual: { checklist: ["The notes are read", "Support is told"] }
`;
}
