import type { Tree } from "../support/tree.ts";

const names = [
  "backend-developer",
  "frontend-developer",
  "devops-engineer",
  "qa-engineer",
  "architect",
  "data",
];

const chatmode = (persona: string, budget?: number) =>
  `---\nhypertool_persona: tta-${persona}\n${budget === undefined ? "" : `persona_token_budget: ${budget}\n`}tools_via_hypertool: true\n---\n\n# Chat mode\n`;

/**
 * 28 chatmodes as real trees have them: in all three folders, in nested packages, with equal names, dangling links,
 * files without frontmatter, and much besides that is not to be looked into.
 */
export const chatmodeTree: Tree = {
  ".git/HEAD": "ref: refs/heads/main\n",
  ".git/.tta/chatmodes/in-git.chatmode.md": chatmode("backend-engineer"),
  ".gitignore": "dist/\n/packages/*/generated\n",
  ".tta/chatmodes/backend-developer.chatmode.md": chatmode("backend-engineer", 2000),
  ".tta/chatmodes/frontend-developer.chatmode.md": chatmode("frontend-engineer", 1800),
  ".tta/chatmodes/devops-engineer.chatmode.md": chatmode("devops-engineer", 1500),
  ".tta/chatmodes/testing-specialist.chatmode.md": chatmode("testing-specialist", 1500),
  ".tta/chatmodes/README.md": "# Not a chatmode\n",
  ...Object.fromEntries(
    names.map((name) => [
      `.github/chatmodes/${name}.chatmode.md`,
      `---\nmode: "${name}"\ndescription: "x"\n---\n`,
    ]),
  ),
  ".github/chatmodes/gone.chatmode.md": { linkTo: "../../nowhere.md" },
  ...Object.fromEntries(
    names.map((name) => [
      `packages/context/.augment/chatmodes/${name}.chatmode.md`,
      `# ${name}\n\nNo frontmatter.\n`,
    ]),
  ),
  ...Object.fromEntries(
    names.map((name) => [
      `packages/context/.github/chatmodes/${name}.chatmode.md`,
      chatmode("backend-engineer"),
    ]),
  ),
  "packages/context/.github/chatmodes/misnamed.chatmode.md": chatmode("backnd-engineer"),
  "packages/context/.github/chatmodes/broken.chatmode.md": "---\nsecurity: [\n---\n",
  "packages/platform/deep/er/.tta/chatmodes/only-here.chatmode.md": chatmode("data-scientist", 1700),
  "packages/platform/.augment/chatmodes": { linkTo: "../../missing" },
  "packages/platform/.tta/chatmodes/wrong.chatmode.md": "---\npersona_token_budget: many\n---\n",
  "packages/platform/.github/chatmodes/My Mode.chatmode.md": chatmode("backend-engineer"),
  "node_modules/pkg/.github/chatmodes/dependency.chatmode.md": chatmode("backend-engineer"),
  "packages/context/node_modules/pkg/.tta/chatmodes/dependency.chatmode.md": chatmode("backend-engineer"),
  "dist/.tta/chatmodes/built.chatmode.md": chatmode("backend-engineer"),
  "packages/context/generated/.tta/chatmodes/generated.chatmode.md": chatmode("backend-engineer"),
  "loop/again": { linkTo: "../" },
};
