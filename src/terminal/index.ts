/** What every command uses: options from schemas, output, progress, interruption and the exit codes. @module */
export { exitOnClosedOutput, reportFailure, runAction } from "./action.ts";
export { type Action, addAction } from "./add-action.ts";
export { untilStopped } from "./interrupt.ts";
export { addCommonOptions, type CommonOptions, optionsFromSchema, parseOptions } from "./options.ts";
export type { Progress } from "./progress.ts";
export { type Column, formatTable } from "./table.ts";
export { openTerminal, type Terminal } from "./terminal.ts";
export { withProgress } from "./with-progress.ts";
