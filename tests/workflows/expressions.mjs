// Reads {contexts, failed, texts, conditions} and prints both lists evaluated as GitHub evaluates them.
import { text } from "node:stream/consumers";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const { contexts, failed, texts, conditions } = JSON.parse(await text(process.stdin));
const status = { always: true, success: !failed, failure: failed };
const functions = Object.entries(status).map(([name, value]) => ({
  name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value),
}));

function known(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "string") return new data.StringData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(known));
  return new data.Dictionary(...Object.entries(value).map(([key, each]) => ({ key, value: known(each) })));
}

function evaluate(expression) {
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
  const named = new Map(functions.map((each) => [each.name, each]));
  return new Evaluator(parsed, known(contexts), named).evaluate();
}

const holds = (condition) => {
  const written = condition.replace(/^\$\{\{|\}\}$/g, "");
  const asked = /\b(always|success|failure)\(/.test(written) ? written : `success() && (${written})`;
  const found = evaluate(asked);
  return !["", "false", "0"].includes(found.coerceString());
};
console.log(JSON.stringify({
  texts: texts.map((each) => each.replace(/\$\{\{(.*?)\}\}/g, (_, found) => evaluate(found).coerceString())),
  conditions: conditions.map(holds),
}));
