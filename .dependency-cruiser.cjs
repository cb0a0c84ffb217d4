/** The folders of src/, in the order of the design: each imports only those before it. */
const floors = [
  "core",
  "linalg",
  "engine",
  "storage",
  "nn",
  "optim",
  "data",
  "train",
  "terminal",
  "http",
  "dist",
  "systems",
  "recipe",
  "report",
  "browser",
  "studio",
  "cli",
];

const tests = "[.]test[.]ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...floors.slice(0, -1).map((folder, floor) => ({
      name: `order-${folder}`,
      comment: `${folder} imports only the folders before it: ${floors.slice(0, floor).join(", ") || "none"}.`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${floors.slice(floor + 1).join("|")})/` },
    })),
    {
      name: "known-folder",
      comment: "A new folder of src/ takes its place in the list at the top of this file.",
      severity: "error",
      from: {},
      to: { path: "^src/[^/]+/", pathNot: `^src/(${floors.join("|")})/` },
    },
    {
      name: "index-only",
      comment:
        "Another folder is imported through its index.ts, or through browser.ts, which names what runs in a browser.",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: tests },
      to: {
        path: "^src/[^/]+/.+",
        pathNot: ["^src/$1/", "^src/[^/]+/(index|browser)[.]ts$", "^src/systems/[^/]+/(index|browser)[.]ts$"],
      },
    },
    {
      name: "rooms-apart",
      comment: "A room never imports another room: what two rooms need moves down a floor.",
      severity: "error",
      from: { path: "^src/systems/([^/]+)/" },
      to: { path: "^src/systems/[^/]+/", pathNot: "^src/systems/$1/" },
    },
    {
      name: "room-by-index",
      comment: "The list of rooms takes each by its index.ts.",
      severity: "error",
      from: { path: "^src/systems/[^/]+[.]ts$" },
      to: { path: "^src/systems/[^/]+/", pathNot: "^src/systems/[^/]+/index[.]ts$" },
    },
    {
      name: "room-not-the-list",
      comment: "A room takes the contract from systems/claim.ts; systems/index.ts imports the rooms.",
      severity: "error",
      from: { path: "^src/systems/[^/]+/" },
      to: { path: "^src/systems/index[.]ts$" },
    },
    {
      name: "core-without-node",
      comment:
        "core runs in a browser too, and so does what src/browser names. What that reaches is bundled by test/browser, as a type " +
        "may come from a file that a browser cannot run.",
      severity: "error",
      from: { path: ["^src/core/", "^src/browser/", "^src/studio/web/", "/browser[.]ts$"], pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      comment:
        "Two files that need each other are one file, or need a third. Types do not count, and neither do the families of " +
        "primitives: the gradient of a broadcast is a sum and the gradient of a sum a broadcast.",
      severity: "error",
      from: { pathNot: "^src/engine/primitives/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "What is imported is there.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared",
      comment:
        "The package imports only what package.json lists as a dependency or an optional peer; tests may use development tools, and so may the page, which is bundled.",
      severity: "error",
      from: { path: "^src/", pathNot: [tests, "^src/studio/(web/|build-web)"] },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only", "npm-peer"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
